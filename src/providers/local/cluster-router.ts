// A cluster's router: the network namespace with the bridge of its machines and the uplink to the host.
import { existsSync } from 'node:fs'
import type { InstanceNames } from '#linux/instance-names.ts'
import { hasHostLink, ipBatch, listLinks, removeHostRoutes } from '#linux/links.ts'
import {
  createNetworkNamespace,
  deleteNetworkNamespace,
  networkNamespacePath,
} from '#linux/network-namespaces.ts'
import { setHostSysctls, setNamespaceSysctls } from '#linux/sysctl.ts'
import type { ClusterPlan } from './network-plan.ts'

export interface RouterOptions {
  cluster: string
  plan: ClusterPlan
  names: InstanceNames
  mtu: number
}

/** Links inside a router; the namespace's name holds the instance id. */
export const BRIDGE = 'machines'
const UPLINK = 'uplink'

/** Machines and routers speak IPv4 only; without this each link would also get an IPv6 address. */
export const ipv6Off = (): Record<string, string> =>
  existsSync('/proc/sys/net/ipv6')
    ? { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' }
    : {}

/** Brings the router and the host's routes to it to the state planned, from any state before. */
export async function ensureRouter({ cluster, plan, names, mtu }: RouterOptions): Promise<string> {
  const namespace = names.routerNamespace(cluster)
  const uplink = names.uplink(plan.blockNumber)
  const netnsPath = await createNetworkNamespace(namespace)
  await setNamespaceSysctls(netnsPath, {
    'net.ipv4.ip_forward': '1',
    // A machine reaches another's pods through the router on purpose; redirects would only tell it not to.
    'net.ipv4.conf.all.send_redirects': '0',
    'net.ipv4.conf.default.send_redirects': '0',
    ...ipv6Off(),
  })
  setHostSysctls({ 'net.ipv4.ip_forward': '1' })

  const inside = new Set((await listLinks(namespace)).map(({ name }) => name))
  const isJoined = inside.has(UPLINK) && hasHostLink(uplink)
  await ipBatch([
    ...(!isJoined && hasHostLink(uplink) ? [`link delete ${uplink}`] : []),
    ...(isJoined
      ? []
      : [
          `link add ${uplink} mtu ${mtu} type veth peer name ${UPLINK} mtu ${mtu} netns ${namespace}`,
        ]),
    `addr replace ${plan.gatewayAddress}/${plan.uplinkPrefix} dev ${uplink}`,
    `link set ${uplink} up`,
  ])
  if (existsSync('/proc/sys/net/ipv6'))
    setHostSysctls({ [`net.ipv6.conf.${uplink}.disable_ipv6`]: '1' })
  await ipBatch(
    [
      'link set lo up',
      ...(inside.has(BRIDGE) ? [] : [`link add ${BRIDGE} mtu ${mtu} type bridge`]),
      `addr replace ${plan.routerAddress}/${plan.machinePrefix} dev ${BRIDGE}`,
      `link set ${BRIDGE} up`,
      `addr replace ${plan.uplinkAddress}/${plan.uplinkPrefix} dev ${UPLINK}`,
      `link set ${UPLINK} up`,
      `route replace default via ${plan.gatewayAddress} dev ${UPLINK}`,
      // What belongs to the cluster but to no machine is answered here and not sent outside.
      `route replace unreachable ${plan.block}`,
    ],
    { namespace },
  )
  const via = `via ${plan.uplinkAddress} dev ${uplink}`
  await ipBatch([
    `route replace ${plan.network.machineCIDR} ${via}`,
    `route replace ${plan.network.podCIDR} ${via}`,
    // Without its uplink a cluster must be gone, and not be looked for at the computer's gateway.
    `route replace unreachable ${plan.block}`,
  ])
  return networkNamespacePath(namespace)
}

export async function removeRouter(
  options: Pick<RouterOptions, 'cluster' | 'names'> & { plan: ClusterPlan | undefined },
): Promise<void> {
  const { cluster, names, plan } = options
  const uplink = plan === undefined ? undefined : names.uplink(plan.blockNumber)
  if (uplink !== undefined && hasHostLink(uplink)) await ipBatch([`link delete ${uplink}`])
  if (plan !== undefined) await removeHostRoutes([plan.block])
  await deleteNetworkNamespace(names.routerNamespace(cluster))
}
