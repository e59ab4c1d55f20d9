// Addresses and blocks that Kubernetes still takes but reads only one way: GetWarningsForIP and
// GetWarningsForCIDR of apimachinery's util/validation.
import { isIP, SocketAddress } from 'node:net'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const LEADING_ZEROS = /\b0+(?=\d)/g

const quoted = (text: string): string => JSON.stringify(text)

const canonicalV6 = (address: string): string =>
  new SocketAddress({ address, family: 'ipv6' }).address

/** How the address is written otherwise, and whether it will be refused one day; undefined when it is none. */
function reading(address: string): { better: string; isOdd: boolean } | undefined {
  if (address.includes('%')) return undefined
  if (!address.includes(':')) {
    const plain = address.replaceAll(LEADING_ZEROS, '')
    return isIP(plain) === 4 ? { better: plain, isOdd: plain !== address } : undefined
  }
  if (isIP(address) !== 6) return undefined
  const better = canonicalV6(address)
  const [, mapped] = MAPPED.exec(better) ?? []
  return mapped === undefined ? { better, isOdd: false } : { better: mapped, isOdd: true }
}

/** What is no address at all is refused elsewhere. */
export function addressWarnings(address: string, field: string): string[] {
  const read = reading(address)
  if (read === undefined || read.better === address) return []
  return read.isOdd
    ? [
        `${field}: non-standard IP address ${quoted(address)} will be considered invalid in a future Kubernetes release: use ${quoted(read.better)}`,
      ]
    : [
        `${field}: IPv6 address ${quoted(address)} should be in RFC 5952 canonical format (${quoted(read.better)})`,
      ]
}

const BITS = { 4: 32, 6: 128 } as const

/** The first address of the block: what is beyond the prefix is zero. */
function networkOf(address: string, version: 4 | 6, prefix: number): string {
  const size = BITS[version]
  const groups =
    version === 4
      ? address.split('.').map((byte) => BigInt(byte).toString(2).padStart(8, '0'))
      : groupsOf(address).map((group) => BigInt(`0x${group}`).toString(2).padStart(16, '0'))
  const kept = groups.join('').slice(0, prefix).padEnd(size, '0')
  const width = version === 4 ? 8 : 16
  const parts = Array.from({ length: size / width }, (_, index) =>
    Number.parseInt(kept.slice(index * width, (index + 1) * width), 2),
  )
  return version === 4
    ? parts.join('.')
    : canonicalV6(parts.map((part) => part.toString(16)).join(':'))
}

/** The eight groups of a canonical address of IPv6 that is none of IPv4. */
function groupsOf(address: string): string[] {
  const [before = '', after] = address.split('::')
  const split = (part: string): string[] => (part === '' ? [] : part.split(':'))
  if (after === undefined) return split(before)
  const zeros = 8 - split(before).length - split(after).length
  return [...split(before), ...Array.from({ length: zeros }, () => '0'), ...split(after)]
}

export function blockWarnings(block: string, field: string): string[] {
  const [, address = '', written = ''] = /^(.+)\/(\d{1,3})$/.exec(block) ?? []
  const read = reading(address)
  if (read === undefined) return []
  const { better, isOdd } = read
  const version = better.includes(':') ? 6 : 4
  const isMapped = version === 4 && address.includes(':')
  const prefix = Number(written) - (isMapped ? BITS[6] - BITS[4] : 0)
  if (prefix < 0 || prefix > BITS[version]) return []
  const network = networkOf(better, version, prefix)
  const whole = `${network}/${prefix}`
  const warnings: string[] = []
  if (network !== better)
    warnings.push(
      `${field}: CIDR value ${quoted(block)} is ambiguous in this context (should be ${quoted(whole)} or ${quoted(`${better}/${BITS[version]}`)}?)`,
    )
  if (isOdd || String(Number(written)) !== written)
    warnings.push(
      `${field}: non-standard CIDR value ${quoted(block)} will be considered invalid in a future Kubernetes release: use ${quoted(whole)}`,
    )
  if (warnings.length === 0 && better !== address)
    warnings.push(
      `${field}: IPv6 CIDR value ${quoted(block)} should be in RFC 5952 canonical format (${quoted(`${better}/${prefix}`)})`,
    )
  return warnings
}
