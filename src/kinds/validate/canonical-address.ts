// Addresses and blocks in the one form that Kubernetes takes where they are new fields or names
// (apimachinery util/validation, IsValidIP and IsValidCIDR): what is wrong with others, in its words.
import { isIP, SocketAddress } from 'node:net'

const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const NOT_A_BLOCK = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

const LEADING_ZEROS = /\b0+(?=\d)/g
const GROUP_BITS = 16n
const BYTE_BITS = 8n

/** An address of IPv4 written as one of IPv6. */
const isMapped = (written: string): boolean => written.toLowerCase().startsWith('::ffff:')

/** As everyone writes it ("2001:db8::1" of "2001:DB8:0::1"); undefined when it is no address. */
function written(address: string): string | undefined {
  const version = isIP(address)
  if (version === 0 || address.includes('%')) return undefined
  return new SocketAddress({ address, family: version === 4 ? 'ipv4' : 'ipv6' }).address
}

/** Without zeros before numbers of IPv4, which some read as octal. */
const withoutZeros = (address: string): string =>
  address.includes(':') ? address : address.replaceAll(LEADING_ZEROS, '')

/** What is wrong with an address; nothing for a canonical one. */
export function checkCanonicalAddress(address: string): string[] {
  const canonical = written(address)
  if (canonical === undefined)
    return [
      written(withoutZeros(address)) === undefined ? NOT_AN_ADDRESS : 'must not have leading 0s',
    ]
  if (isMapped(canonical)) return ['must not be an IPv4-mapped IPv6 address']
  return canonical === address ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`]
}

/** What is wrong with a block; nothing for a canonical one with no bit set beyond its mask. */
export function checkCanonicalBlock(block: string): string[] {
  const [, address = '', bits = ''] = /^(.+)\/(\d{1,3})$/.exec(block) ?? []
  const canonical = written(withoutZeros(address))
  const isV4 = isIP(canonical ?? '') === 4
  if (canonical === undefined || Number(bits) > (isV4 ? 32 : 128)) return [NOT_A_BLOCK]
  if (withoutZeros(address) !== address || String(Number(bits)) !== bits)
    return ['must not have leading 0s in IP or prefix length']
  if (isMapped(canonical)) return ['must not have an IPv4-mapped IPv6 address']
  const hostBits = BigInt((isV4 ? 32 : 128) - Number(bits))
  const value = isV4 ? numberOfV4(canonical) : numberOfV6(canonical)
  if (value & ((1n << hostBits) - 1n)) return ['must not have bits set beyond the prefix length']
  return canonical === address
    ? []
    : [`must be in canonical form (${JSON.stringify(`${canonical}/${bits}`)})`]
}

const numberOfV4 = (address: string): bigint =>
  address.split('.').reduce((sum, byte) => (sum << BYTE_BITS) | BigInt(byte), 0n)

/** "::" stands for as many groups as are missing; the last two may be written as an IPv4 address. */
function numberOfV6(address: string): bigint {
  const plain = address.replace(/[\d.]+\.\d+$/, (tail) => {
    const value = numberOfV4(tail)
    return `${(value >> GROUP_BITS).toString(16)}:${(value & 0xffffn).toString(16)}`
  })
  const [before = [], after] = plain.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const missing = after === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...(after ?? [])]
  return groups.reduce((sum, group) => (sum << GROUP_BITS) | BigInt(`0x${group}`), 0n)
}
