// The nft table on the host that fences all clusters of an instance. Pure text; the host's own firewall
// and the load balancers have tables of their own.
import { gatewayPorts } from '#base/ports.ts'
import type { ClusterPlan } from './network-plan.ts'

export interface FencedCluster {
  uplink: string
  plan: ClusterPlan
}

/** Before the host's own filter chains, which stand at 0. */
const PRIORITY = -10

const elements = (items: readonly string[]): string =>
  items.length === 0 ? '' : `elements = { ${items.join(', ')} }`

/** Replaces the table whole, in one transaction. */
export function renderHostTable(table: string, clusters: readonly FencedCluster[]): string {
  const uplinks = clusters.map(({ uplink }) => `"${uplink}"`)
  const gateways = clusters.map(({ uplink, plan }) => `"${uplink}" . ${plan.gatewayAddress}`)
  const blocks = clusters.map(({ plan }) => plan.block)
  const sources = clusters.map(({ uplink, plan }) => `"${uplink}" . ${plan.block}`)
  const { api, dns, registry } = gatewayPorts
  return `table inet ${table} {
}
delete table inet ${table}
table inet ${table} {
  set uplinks {
    type ifname
    ${elements(uplinks)}
  }
  set gateways {
    type ifname . ipv4_addr
    ${elements(gateways)}
  }
  set blocks {
    type ipv4_addr
    flags interval
    ${elements(blocks)}
  }
  set sources {
    type ifname . ipv4_addr
    flags interval
    ${elements(sources)}
  }
  chain input {
    type filter hook input priority ${PRIORITY}; policy accept;
    iifname @uplinks jump from-cluster
  }
  chain from-cluster {
    ct state established,related accept
    iifname . ip daddr @gateways tcp dport { ${api}, ${dns}, ${registry} } accept
    iifname . ip daddr @gateways udp dport ${dns} accept
    iifname . ip daddr @gateways icmp type echo-request accept
    drop
  }
  chain forward {
    type filter hook forward priority ${PRIORITY}; policy accept;
    iifname @uplinks iifname . ip saddr != @sources drop
    iifname @uplinks meta nfproto ipv6 drop
    oifname @uplinks jump to-cluster
  }
  chain to-cluster {
    ct state established,related accept
    ct status dnat accept
    drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr @blocks ip daddr != @blocks oifname != @uplinks oifname != "lo" masquerade
  }
}
`
}
