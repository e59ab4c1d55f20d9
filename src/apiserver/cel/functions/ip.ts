// Kubernetes' `ip(...)` and `cidr(...)`.
import { isIPv4, isIPv6 } from 'node:net'
import { CelError, Opaque } from '../values.ts'
import type { Overload } from './define.ts'
import { globalFunction, memberFunction, traversal } from './define.ts'

type Family = 4 | 6

export class IpValue extends Opaque {
  override readonly typeName: string = 'net.IP'
  readonly family: Family
  readonly bits: bigint

  constructor(family: Family, bits: bigint) {
    super()
    this.family = family
    this.bits = bits
  }

  override equals(other: Opaque): boolean {
    return other instanceof IpValue && other.family === this.family && other.bits === this.bits
  }

  get text(): string {
    return this.family === 4 ? textOf4(this.bits) : textOf6(this.bits)
  }
}

export class CidrValue extends Opaque {
  override readonly typeName = 'net.CIDR'
  readonly address: IpValue
  readonly length: number

  constructor(address: IpValue, length: number) {
    super()
    this.address = address
    this.length = length
  }

  override equals(other: Opaque): boolean {
    return (
      other instanceof CidrValue &&
      other.length === this.length &&
      other.address.equals(this.address)
    )
  }

  mask(bits: bigint): bigint {
    const free = BigInt(widthOf(this.address.family) - this.length)
    return (bits >> free) << free
  }

  contains(address: IpValue): boolean {
    return (
      address.family === this.address.family &&
      this.mask(address.bits) === this.mask(this.address.bits)
    )
  }
}

const widthOf = (family: Family): number => (family === 4 ? 32 : 128)
const join4 = (parts: readonly string[]): bigint =>
  parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)

function textOf4(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 255n)).join('.')
}

/** RFC 5952: lower case, the longest run of zeros as "::". */
function textOf6(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bits >> BigInt(112 - at * 16)) & 0xffffn).toString(16),
  )
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)]
  const longest = runs.reduce(
    (best, [run]) => (run.replace(/^:/, '').length > best.length ? run.replace(/^:/, '') : best),
    '',
  )
  if (longest === '') return groups.join(':')
  const text = groups.join(':')
  const at = text.search(new RegExp(`(?:^|(?<=:))${longest}(?=:|$)`))
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`
}

function parse6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const plain = dotted === null ? text : `${dotted[1]}${hexPair(join4(dotted[2]!.split('.')))}`
  const [head = '', tail] = plain.split('::')
  const groups = (part: string | undefined) => (part ? part.split(':') : [])
  const before = groups(head)
  const after = groups(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].reduce(
    (bits, group) => (bits << 16n) | BigInt(`0x${group}`),
    0n,
  )
}

const hexPair = (bits: bigint): string =>
  `${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`

/** No zones, no leading zeros, no IPv4 inside IPv6: as Kubernetes reads addresses. */
export function parseIp(text: string): IpValue | undefined {
  if (isIPv4(text)) return new IpValue(4, join4(text.split('.')))
  if (!isIPv6(text) || text.includes('%')) return undefined
  const bits = parse6(text)
  return bits >> 32n === 0xffffn ? undefined : new IpValue(6, bits)
}

export function parseCidr(text: string): CidrValue | undefined {
  const [address = '', length = '', ...more] = text.split('/')
  const ip = parseIp(address)
  if (ip === undefined || more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined
  return Number(length) > widthOf(ip.family) ? undefined : new CidrValue(ip, Number(length))
}

function needIp(text: string): IpValue {
  const ip = parseIp(text)
  if (ip === undefined)
    throw new CelError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string`,
    )
  return ip
}

function needCidr(text: string): CidrValue {
  const cidr = parseCidr(text)
  if (cidr === undefined)
    throw new CelError('network address parse error during conversion from string')
  return cidr
}

const inBlock = (block: string) => {
  const cidr = needCidr(block)
  return (ip: IpValue) => cidr.contains(ip)
}

const anyBlock = (...blocks: readonly string[]) => {
  const tests = blocks.map(inBlock)
  return (ip: IpValue) => tests.some((holds) => holds(ip))
}

const isLoopback = anyBlock('127.0.0.0/8', '::1/128')
const isUnspecified = anyBlock('0.0.0.0/32', '::/128')
const isLinkLocalMulticast = anyBlock('224.0.0.0/24', 'ff02::/16')
const isLinkLocalUnicast = anyBlock('169.254.0.0/16', 'fe80::/10')
const isMulticast = anyBlock('224.0.0.0/4', 'ff00::/8')

const PROPERTIES: Readonly<Record<string, (ip: IpValue) => boolean>> = {
  isLoopback,
  isUnspecified,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isGlobalUnicast: (ip) =>
    !isLoopback(ip) &&
    !isUnspecified(ip) &&
    !isMulticast(ip) &&
    !isLinkLocalUnicast(ip) &&
    !(ip.family === 4 && ip.bits === 0xffff_ffffn),
}

function isCanonical(text: string): boolean {
  return needIp(text).text === text
}

const containsCidr = (outer: CidrValue, inner: CidrValue): boolean =>
  outer.contains(inner.address) && inner.length >= outer.length

const masked = (cidr: CidrValue): CidrValue =>
  new CidrValue(new IpValue(cidr.address.family, cidr.mask(cidr.address.bits)), cidr.length)

const reading = { cost: traversal }
/** Two addresses of at most 16 bytes. */
const comparing = { cost: () => 4 }
const readingAndComparing = { cost: (_cidr: number, text: number) => 4 + traversal(text) }

export const ip: readonly Overload[] = [
  globalFunction('ip', ['string'], 'net.IP', needIp, reading),
  globalFunction('isIP', ['string'], 'bool', (text) => parseIp(text) !== undefined, reading),
  globalFunction('ip.isCanonical', ['string'], 'bool', isCanonical, {
    cost: (size) => traversal(size * 2),
  }),
  globalFunction('string', ['net.IP'], 'string', (value) => (value as IpValue).text),
  memberFunction('family', ['net.IP'], 'int', (value) => BigInt((value as IpValue).family)),
  ...Object.entries(PROPERTIES).map(([name, holds]) =>
    memberFunction(name, ['net.IP'], 'bool', (value) => holds(value as IpValue)),
  ),
  globalFunction('cidr', ['string'], 'net.CIDR', needCidr, reading),
  globalFunction('isCIDR', ['string'], 'bool', (text) => parseCidr(text) !== undefined, reading),
  globalFunction('string', ['net.CIDR'], 'string', (value) => {
    const { address, length } = value as CidrValue
    return `${address.text}/${length}`
  }),
  memberFunction('ip', ['net.CIDR'], 'net.IP', (value) => (value as CidrValue).address),
  memberFunction('masked', ['net.CIDR'], 'net.CIDR', (value) => masked(value as CidrValue)),
  memberFunction('prefixLength', ['net.CIDR'], 'int', (value) =>
    BigInt((value as CidrValue).length),
  ),
  memberFunction(
    'containsIP',
    ['net.CIDR', 'net.IP'],
    'bool',
    (cidr, one) => (cidr as CidrValue).contains(one as IpValue),
    comparing,
  ),
  memberFunction(
    'containsIP',
    ['net.CIDR', 'string'],
    'bool',
    (cidr, text) => (cidr as CidrValue).contains(needIp(text)),
    readingAndComparing,
  ),
  memberFunction(
    'containsCIDR',
    ['net.CIDR', 'net.CIDR'],
    'bool',
    (cidr, one) => containsCidr(cidr as CidrValue, one as CidrValue),
    comparing,
  ),
  memberFunction(
    'containsCIDR',
    ['net.CIDR', 'string'],
    'bool',
    (cidr, text) => containsCidr(cidr as CidrValue, needCidr(text)),
    readingAndComparing,
  ),
]
