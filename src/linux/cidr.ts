// Arithmetic of IPv4 addresses and ranges.

export interface Cidr {
  /** First address as a number. */
  base: number
  prefix: number
}

export function parseAddress(text: string): number {
  const octets = text.split('.').map(Number)
  const isValid =
    octets.length === 4 &&
    octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet < 256)
  if (!isValid || !/^[\d.]+$/.test(text)) throw new RangeError(`'${text}' is no IPv4 address`)
  return octets.reduce((sum, octet) => sum * 256 + octet, 0)
}

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')

/** Reads "10.0.0.0/8", or an address alone as a /32; bits behind the prefix are cleared. */
export function parseCidr(text: string): Cidr {
  const [address = '', length = '32'] = text.split('/', 2)
  const prefix = Number(length)
  if (!/^\d+$/.test(length) || prefix > 32) throw new RangeError(`'${text}' is no IPv4 range`)
  const size = 2 ** (32 - prefix)
  return { base: Math.floor(parseAddress(address) / size) * size, prefix }
}

export const formatCidr = ({ base, prefix }: Cidr): string => `${formatAddress(base)}/${prefix}`

export const sizeOf = ({ prefix }: Cidr): number => 2 ** (32 - prefix)

export const overlaps = (a: Cidr, b: Cidr): boolean =>
  a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a)

/** Address number `index` of a range. */
export function addressIn(range: Cidr, index: number): string {
  if (index < 0 || index >= sizeOf(range))
    throw new RangeError(`${formatCidr(range)} has no address number ${index}`)
  return formatAddress(range.base + index)
}
