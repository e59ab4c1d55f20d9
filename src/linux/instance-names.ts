// Every name on the computer that an instance takes, so that what is ours can be told from what is
// not, and removed without asking anyone: all begin with the instance id.
import { LINK_NAME_LENGTH_MAX } from './links.ts'

export interface InstanceNames {
  /** Begins the name of each network namespace; "_" cannot stand in a cluster's or machine's name. */
  namespacePrefix: string
  /** Begins the name of each link on the host. */
  linkPrefix: string
  /** Our nft tables are this one and those that begin with it and a dash. */
  table: string
  /** The comment of rules in tables of others. */
  ruleComment: string
  /** Root of our cgroups. */
  cgroup: string
  routerNamespace(cluster: string): string
  machineNamespace(cluster: string, machine: string): string
  /** The host's end of a cluster's uplink; `block` is the second octet of its addresses. */
  uplink(block: number): string
  machineCgroup(cluster: string, machine: string): string
}

export function instanceNames(id: string): InstanceNames {
  if (!/^[a-z0-9]{1,8}$/.test(id)) throw new RangeError(`'${id}' is no instance id`)
  const name = `ccs-${id}`
  const linkPrefix = `ccs${id}`
  return {
    namespacePrefix: `${name}_`,
    linkPrefix,
    table: name,
    ruleComment: name,
    cgroup: `/${name}`,
    routerNamespace: (cluster) => `${name}_${cluster}`,
    machineNamespace: (cluster, machine) => `${name}_${cluster}_${machine}`,
    uplink: (block) => {
      const link = `${linkPrefix}u${block}`
      if (link.length > LINK_NAME_LENGTH_MAX) throw new RangeError(`${link} is too long for a link`)
      return link
    },
    machineCgroup: (cluster, machine) => `/${name}/${cluster}/${machine}`,
  }
}

/** The parts of a machine's cgroup. */
export const systemCgroup = (machineCgroup: string): string => `${machineCgroup}/system`
export const podsCgroup = (machineCgroup: string): string => `${machineCgroup}/pods`
