// Which addresses of pods, endpoints and nodes may be connected to: those that are somebody's alone.
import { BlockList, isIP } from 'node:net'

const forbidden = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
] as const)
  forbidden.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  forbidden.addSubnet(network, bits, 'ipv6')

/**
 * Whether a proxy may connect there: no loopback, link-local, multicast or unspecified address, as
 * Kubernetes' proxies refuse them. An IPv4 address written as IPv6 is judged as the one it is.
 */
export function isReachableAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 0) return false
  return !forbidden.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
