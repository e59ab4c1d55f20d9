// Where an address leads: a registry on the internet has no business in sending us to our own network.
import { BlockList, isIP, isIPv6 } from 'node:net'

export type AddressClass = 'public' | 'private' | 'link-local' | 'loopback'

type Subnet = readonly [network: string, prefix: number]

const SUBNETS: Record<Exclude<AddressClass, 'public'>, readonly Subnet[]> = {
  loopback: [
    ['127.0.0.0', 8],
    // On Linux, "this host".
    ['0.0.0.0', 8],
    ['::1', 128],
    ['::', 128],
  ],
  'link-local': [
    ['169.254.0.0', 16],
    ['fe80::', 10],
  ],
  private: [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
    ['192.0.0.0', 24],
    ['198.18.0.0', 15],
    // Multicast, and what is for no use yet.
    ['224.0.0.0', 3],
    ['fc00::', 7],
    ['fec0::', 10],
    ['ff00::', 8],
  ],
}

const lists = (Object.keys(SUBNETS) as (keyof typeof SUBNETS)[]).map((name) => {
  const list = new BlockList()
  for (const [network, prefix] of SUBNETS[name])
    list.addSubnet(network, prefix, isIPv6(network) ? 'ipv6' : 'ipv4')
  return { name, list }
})

/** IPv4 addresses inside IPv6 ones: mapped, and those that gateways translate (RFC 6052, RFC 3056). */
const embedded = new BlockList()
embedded.addSubnet('::ffff:0:0', 96, 'ipv6')
embedded.addSubnet('64:ff9b::', 96, 'ipv6')
embedded.addSubnet('2002::', 16, 'ipv6')

/** The class of a numeric address; nothing when it is a name. */
export function addressClass(text: string): AddressClass | undefined {
  const address = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const version = isIP(address)
  if (version === 0) return undefined
  if (version === 6 && embedded.check(address, 'ipv6')) return addressClass(ipv4In(address))
  const family = version === 6 ? 'ipv6' : 'ipv4'
  return lists.find(({ list }) => list.check(address, family))?.name ?? 'public'
}

/** Where an upstream of one class may send us: to the internet, and to its like. */
export const reachableFrom = (own: AddressClass): readonly AddressClass[] =>
  own === 'public' ? ['public'] : ['public', own]

function ipv4In(address: string): string {
  // URL writes IPv6 addresses in one way, without IPv4 notation.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16))
  const [high, low] = groups[0] === 0x2002 ? [groups[1]!, groups[2]!] : [groups[6]!, groups[7]!]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
