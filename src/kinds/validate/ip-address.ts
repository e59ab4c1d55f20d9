// Addresses that users write into fields, in the words of Kubernetes' validation of them.
import { BlockList, isIP } from 'node:net'
import type { FieldError } from '../definition.ts'
import { invalid } from './field-error.ts'

const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const NOT_A_BLOCK = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

function ranges(...blocks: [network: string, bits: number, family: 'ipv4' | 'ipv6'][]): BlockList {
  const list = new BlockList()
  for (const [network, bits, family] of blocks) list.addSubnet(network, bits, family)
  return list
}

/** Addresses that mean something else on each computer: traffic must not be sent there. */
const SPECIAL: readonly [string, BlockList][] = [
  [
    'may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ranges(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']),
  ],
  [
    'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ranges(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6']),
  ],
  [
    'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ranges(['224.0.0.0', 24, 'ipv4'], ['ff02::', 16, 'ipv6']),
  ],
]

export function validateAddress(field: string, address: string): FieldError[] {
  return isIP(address) === 0 ? [invalid(field, address, NOT_AN_ADDRESS)] : []
}

/** An address that packets may be sent to. */
export function validateReachableAddress(field: string, address: string): FieldError[] {
  const version = isIP(address)
  if (version === 0) return validateAddress(field, address)
  if (address === '0.0.0.0' || address === '::')
    return [invalid(field, address, `may not be unspecified (${address})`)]
  return SPECIAL.filter(([, list]) => list.check(address, version === 4 ? 'ipv4' : 'ipv6')).map(
    ([message]) => invalid(field, address, message),
  )
}

/** A block such as 10.9.8.0/24. */
export function validateAddressBlock(field: string, block: string): FieldError[] {
  const [, address = '', bits = ''] = /^(.+)\/(\d{1,3})$/.exec(block) ?? []
  const version = isIP(address)
  const isBlock = version !== 0 && Number(bits) <= (version === 4 ? 32 : 128)
  return isBlock ? [] : [invalid(field, block, NOT_A_BLOCK)]
}
