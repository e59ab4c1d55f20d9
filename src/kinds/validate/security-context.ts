import type { FieldError } from '../definition.ts'
import type { PodSecurityContext, SecurityContext } from '../k8s/core.ts'
import { invalid, oneOf } from './field-error.ts'
import { validateAppArmor, validateSeccomp } from './security-profile.ts'

const ID_MAX = 2 ** 31 - 1

function validateId(field: string, id: number | undefined): FieldError[] {
  if (id === undefined || (id >= 0 && id <= ID_MAX)) return []
  return [invalid(field, id, `must be between 0 and ${ID_MAX}, inclusive`)]
}

export function validateSecurityContext(
  context: SecurityContext | undefined,
  field: string,
): FieldError[] {
  if (context === undefined) return []
  const errors = [
    ...validateId(`${field}.runAsUser`, context.runAsUser),
    ...validateId(`${field}.runAsGroup`, context.runAsGroup),
    ...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
  ]
  const { allowPrivilegeEscalation, privileged, capabilities } = context
  if (allowPrivilegeEscalation !== false) return errors
  if (privileged)
    errors.push(
      invalid(
        field,
        context,
        'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      ),
    )
  if (capabilities?.add?.includes('CAP_SYS_ADMIN'))
    errors.push(
      invalid(
        field,
        context,
        'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
      ),
    )
  return errors
}

export function validatePodSecurityContext(
  context: PodSecurityContext | undefined,
  field: string,
): FieldError[] {
  if (context === undefined) return []
  return [
    ...validateId(`${field}.fsGroup`, context.fsGroup),
    ...validateId(`${field}.runAsUser`, context.runAsUser),
    ...validateId(`${field}.runAsGroup`, context.runAsGroup),
    ...(context.supplementalGroups ?? []).flatMap((group, index) =>
      validateId(`${field}.supplementalGroups[${index}]`, group),
    ),
    ...oneOf(`${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, [
      'Always',
      'OnRootMismatch',
    ]),
    ...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
    ...oneOf(`${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, [
      'Merge',
      'Strict',
    ]),
  ]
}
