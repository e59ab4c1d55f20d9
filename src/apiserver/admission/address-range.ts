// The IPv4 addresses of a CIDR block that services may have.

export interface AddressRange {
  contains(address: string): boolean
  firstFree(isFree: (address: string) => boolean): string | undefined
}

/** Low addresses are left to services that ask for one, such as the cluster's DNS. */
const STATIC_MAX = 256
const STATIC_MIN = 16

export function addressRange(cidr: string): AddressRange {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr)
  const base = match === null ? undefined : toNumber(match[1]!)
  const bits = Number(match?.[2])
  if (base === undefined || !(bits >= 8 && bits <= 30))
    throw new TypeError(`"${cidr}" is not an IPv4 block for services, such as 10.96.0.0/16`)
  const size = 2 ** (32 - bits)
  const first = base - (base % size)
  // Network and broadcast address are nobody's.
  const last = first + size - 2
  const reserved = Math.min(Math.max(STATIC_MIN, Math.floor(size / 16)), STATIC_MAX)
  const start = first + (size > 2 * reserved ? reserved : 1)
  return {
    contains(address) {
      const number = toNumber(address)
      return number !== undefined && number > first && number <= last
    },
    firstFree(isFree) {
      for (let at = start; at <= last; at++) if (isFree(toAddress(at))) return toAddress(at)
      for (let at = first + 1; at < start; at++) if (isFree(toAddress(at))) return toAddress(at)
      return undefined
    },
  }
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part)))
    return undefined
  const numbers = parts.map(Number)
  if (numbers.some((part) => part > 255)) return undefined
  return numbers.reduce((sum, part) => sum * 256 + part, 0)
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}
