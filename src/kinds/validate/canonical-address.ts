// The one way to write an address that Kubernetes takes where addresses are names.
import { BlockList, isIP, SocketAddress } from 'node:net'

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

/** "2001:db8::1" of "2001:DB8:0::1"; undefined when it is no address. */
export function canonicalAddress(address: string): string | undefined {
  if (isIP(address) === 0 || address.includes('%')) return undefined
  const { address: written } = new SocketAddress({ address, family: familyOf(address) })
  // Addresses of IPv4 written as IPv6 are not told apart by those who compare them as text.
  return written.toLowerCase().startsWith('::ffff:') ? undefined : written
}

/** Whether a valid block is written canonically, with no bit set beyond its mask. */
export function isCanonicalBlock(block: string): boolean {
  const [address, bits] = block.split('/') as [string, string]
  if (canonicalAddress(address) !== address || String(Number(bits)) !== bits) return false
  const family = familyOf(address)
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family)
  // The rule is written back with the network's own address.
  return list.rules[0]!.endsWith(` ${address}/${bits}`)
}
