// A machine's network namespace, its link to the router's bridge and the router's route to its pods.
import type { InstanceNames } from '#linux/instance-names.ts'
import { ipBatch, listLinks } from '#linux/links.ts'
import { createNetworkNamespace, deleteNetworkNamespace } from '#linux/network-namespaces.ts'
import { setNamespaceSysctls } from '#linux/sysctl.ts'
import { BRIDGE, ipv6Off } from './cluster-router.ts'
import type { ClusterPlan, MachineAddresses } from './network-plan.ts'

export interface MachineNetworkOptions {
  cluster: string
  machine: string
  plan: ClusterPlan
  addresses: MachineAddresses
  names: InstanceNames
  mtu: number
}

const MACHINE_LINK = 'eth0'

/** The router's port for a machine, by the last octet of its address. */
const portOf = ({ address }: MachineAddresses): string => `port${address.split('.').at(-1)}`

/** Brings the machine's network to the state planned and returns its namespace's path. */
export async function ensureMachineNetwork(options: MachineNetworkOptions): Promise<string> {
  const { cluster, machine, plan, addresses, names, mtu } = options
  const namespace = names.machineNamespace(cluster, machine)
  const router = names.routerNamespace(cluster)
  const port = portOf(addresses)
  const netnsPath = await createNetworkNamespace(namespace)
  await setNamespaceSysctls(netnsPath, { 'net.ipv4.ip_forward': '1', ...ipv6Off() })

  const has = async (link: string, place: string) =>
    (await listLinks(place)).some(({ name }) => name === link)
  const [hasPort, hasLink] = await Promise.all([has(port, router), has(MACHINE_LINK, namespace)])
  const isJoined = hasPort && hasLink
  await ipBatch(
    [
      // One end alone leads nowhere: what a half-made or half-removed machine left.
      ...(!isJoined && hasPort ? [`link delete ${port}`] : []),
      ...(isJoined
        ? []
        : [
            `link add ${port} mtu ${mtu} type veth peer name ${MACHINE_LINK} mtu ${mtu} netns ${namespace}`,
          ]),
      `link set ${port} master ${BRIDGE}`,
      `link set ${port} up`,
      `route replace ${addresses.podCIDR} via ${addresses.address} dev ${BRIDGE}`,
    ],
    { namespace: router },
  )
  await ipBatch(
    [
      'link set lo up',
      `addr replace ${addresses.address}/${plan.machinePrefix} dev ${MACHINE_LINK}`,
      `link set ${MACHINE_LINK} up`,
      `route replace default via ${plan.routerAddress} dev ${MACHINE_LINK}`,
    ],
    { namespace },
  )
  return netnsPath
}

/** Removes a machine's network; the router may be gone already. */
export async function removeMachineNetwork(
  options: Pick<MachineNetworkOptions, 'cluster' | 'machine' | 'names'> & {
    addresses: MachineAddresses | undefined
    routerExists: boolean
  },
): Promise<void> {
  const { cluster, machine, names, addresses, routerExists } = options
  if (addresses !== undefined && routerExists) {
    const router = names.routerNamespace(cluster)
    const port = portOf(addresses)
    const links = await listLinks(router)
    if (links.some(({ name }) => name === port))
      await ipBatch([`link delete ${port}`, `route flush ${addresses.podCIDR}`], {
        namespace: router,
      })
  }
  await deleteNetworkNamespace(names.machineNamespace(cluster, machine))
}
