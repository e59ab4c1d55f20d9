// The address families of services in a cluster that has IPv4 only.
import type { Service } from '#kinds/k8s/core.ts'
import { HEADLESS } from '#kinds/service-fields.ts'
import type { FieldError } from '#kinds/definition.ts'
import { invalid } from '#kinds/validate/field-error.ts'

type Spec = Service['spec']

/** Fills in families and policy; says what this cluster cannot give. */
export function chooseFamilies(spec: Spec): FieldError[] {
  const isSelectorless = Object.keys(spec.selector ?? {}).length === 0
  if (spec.clusterIPs?.[0] === HEADLESS && isSelectorless) {
    // Addresses behind it are its owner's and may be of any family, whatever the cluster has.
    spec.ipFamilies ??= ['IPv4']
    spec.ipFamilyPolicy ??= 'RequireDualStack'
    if (spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1)
      spec.ipFamilies.push(spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4')
    return []
  }
  const errors: FieldError[] = []
  if (spec.ipFamilyPolicy === 'RequireDualStack')
    errors.push(
      invalid(
        'spec.ipFamilyPolicy',
        spec.ipFamilyPolicy,
        'this cluster is not configured for dual-stack services',
      ),
    )
  for (const [index, family] of (spec.ipFamilies ?? []).entries())
    if (family === 'IPv6')
      errors.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  return errors
}
