// Blocks that addresses of services come from.
import { isIP } from 'node:net'
import type { FieldError } from '../definition.ts'
import type { ServiceCIDRSpec } from '../k8s/networking.ts'
import { deepEqual } from './equal.ts'
import { IMMUTABLE, invalid, invalidEach, required } from './field-error.ts'
import { checkCanonicalBlock } from './canonical-address.ts'

/** One block per address family. */
const BLOCKS_MAX = 2
const FIELD = 'spec.cidrs'

export function validateServiceCIDR({ cidrs = [] }: ServiceCIDRSpec): FieldError[] {
  // Kubernetes reports the whole spec by the names of its internal type.
  const shown = { CIDRs: cidrs }
  if (cidrs.length === 0) return [required(FIELD, 'at least one CIDR required')]
  if (cidrs.length > BLOCKS_MAX)
    return [invalid(FIELD, shown, `may only hold up to ${BLOCKS_MAX} values`)]
  const families = new Set(cidrs.map((cidr) => isIP(cidr.split('/')[0]!)))
  if (families.size < cidrs.length || (cidrs.length === BLOCKS_MAX && families.has(0)))
    return [
      invalid(
        FIELD,
        shown,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    ]
  return cidrs.flatMap((cidr, index) =>
    invalidEach(`${FIELD}[${index}]`, cidr, checkCanonicalBlock(cidr)),
  )
}

/** A second family may be added; what is there stays. */
export function validateServiceCIDRUpdate(
  { cidrs = [] }: ServiceCIDRSpec,
  { cidrs: old = [] }: ServiceCIDRSpec,
): FieldError[] {
  const isGrowing = old.length === 1 && cidrs.length === BLOCKS_MAX
  if (!isGrowing && old.length !== cidrs.length)
    return deepEqual(cidrs, old) ? [] : [invalid(FIELD, cidrs, IMMUTABLE)]
  const changed = old.flatMap((cidr, index) =>
    cidrs[index] === cidr ? [] : [invalid(`${FIELD}[${index}]`, cidrs[index], IMMUTABLE)],
  )
  return isGrowing ? [...changed, ...validateServiceCIDR({ cidrs })] : changed
}
