// The addresses of a Service, and of which families they are.
import { isIP } from 'node:net'
import type { FieldError } from '../definition.ts'
import type { ServiceSpec } from '../k8s/core.ts'
import { HEADLESS, isExternalName, isHeadless } from '../service-fields.ts'
import { duplicate, forbidden, invalid, notSupported, oneOf } from './field-error.ts'
import { validateAddress, validateAddressBlock, validateReachableAddress } from './ip-address.ts'

const FAMILIES = ['IPv4', 'IPv6']
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
const CLUSTER_IPS_MAX = 2

export function validateServiceAddresses(spec: ServiceSpec): FieldError[] {
  const errors = isExternalName(spec) ? noAddresses(spec) : clusterAddresses(spec)
  for (const [index, address] of (spec.externalIPs ?? []).entries())
    errors.push(...validateReachableAddress(`spec.externalIPs[${index}]`, address))
  return [...errors, ...sourceRanges(spec)]
}

function noAddresses(spec: ServiceSpec): FieldError[] {
  const { clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec
  return (
    [
      ['clusterIPs', clusterIPs.length > 0],
      ['ipFamilies', ipFamilies.length > 0],
      ['ipFamilyPolicy', ipFamilyPolicy !== undefined],
    ] as const
  )
    .filter(([, isSet]) => isSet)
    .map(([key]) => forbidden(`spec.${key}`, 'may not be set for ExternalName services'))
}

function clusterAddresses(spec: ServiceSpec): FieldError[] {
  const { type, clusterIP, clusterIPs = [], ipFamilyPolicy } = spec
  const errors: FieldError[] = []
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec))
    errors.push(
      invalid('spec.clusterIPs[0]', HEADLESS, `may not be set to 'None' for ${type} services`),
    )
  errors.push(...families(spec), ...oneOf('spec.ipFamilyPolicy', ipFamilyPolicy, FAMILY_POLICIES))
  if (clusterIPs.length > 0 && clusterIP !== clusterIPs[0])
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'))
  const malformed = clusterIPs.flatMap((address, index) => {
    if (address !== HEADLESS) return validateAddress(`spec.clusterIPs[${index}]`, address)
    if (clusterIPs.length === 1) return []
    return [invalid('spec.clusterIPs', clusterIPs, "'None' must be the first and only value")]
  })
  if (clusterIPs.length > CLUSTER_IPS_MAX)
    malformed.push(
      invalid('spec.clusterIPs', clusterIPs, `may only hold up to ${CLUSTER_IPS_MAX} values`),
    )
  return [...errors, ...(malformed.length > 0 ? malformed : matchFamilies(spec))]
}

function families({ ipFamilies = [] }: ServiceSpec): FieldError[] {
  return ipFamilies.flatMap((family, index) => {
    const field = `spec.ipFamilies[${index}]`
    if (!FAMILIES.includes(family)) return [notSupported(field, family, FAMILIES)]
    return ipFamilies.indexOf(family) < index ? [duplicate(field, family)] : []
  })
}

function matchFamilies(spec: ServiceSpec): FieldError[] {
  const { clusterIPs = [], ipFamilies = [] } = spec
  if (isHeadless(spec)) return []
  const familyOf = (address: string) => `IPv${isIP(address)}`
  if (clusterIPs.length > 1 && familyOf(clusterIPs[0]!) === familyOf(clusterIPs[1]!))
    return [
      invalid('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family'),
    ]
  return clusterIPs.flatMap((address, index) => {
    const family = ipFamilies[index]
    if (family === undefined || !FAMILIES.includes(family) || family === familyOf(address))
      return []
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``
    return [invalid(`spec.clusterIPs[${index}]`, address, detail)]
  })
}

/** Kubernetes names this field as its Go type does. */
function sourceRanges({ type, loadBalancerSourceRanges = [] }: ServiceSpec): FieldError[] {
  if (loadBalancerSourceRanges.length === 0) return []
  const field = 'spec.LoadBalancerSourceRanges'
  const errors =
    type === 'LoadBalancer'
      ? []
      : [forbidden(field, "may only be used when `type` is 'LoadBalancer'")]
  // Blanks around a range are allowed: the field took over from an annotation that allowed them.
  const blocks = loadBalancerSourceRanges.map((block) => block.trim())
  return [
    ...errors,
    ...blocks.flatMap((block, index) => validateAddressBlock(`${field}[${index}]`, block)),
  ]
}

/** The first address and family of a service stay while it has them. */
export function validateAddressUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (isExternalName(spec) || isExternalName(old)) return []
  const errors: FieldError[] = []
  const [before] = old.clusterIPs ?? []
  const isBothHeadless = isHeadless(spec) && isHeadless(old)
  if (before !== undefined && !isBothHeadless && spec.clusterIPs?.[0] !== before)
    errors.push(
      invalid(
        'spec.clusterIPs[0]',
        spec.clusterIPs ?? null,
        spec.clusterIPs === undefined
          ? 'primary clusterIP can not be unset'
          : 'may not change once set',
      ),
    )
  const [family] = old.ipFamilies ?? []
  if (family !== undefined && !isBothHeadless && spec.ipFamilies?.[0] !== family)
    errors.push(invalid('spec.ipFamilies[0]', spec.ipFamilies ?? null, 'may not change once set'))
  return errors
}
