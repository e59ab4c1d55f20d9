// Rules of roles, and whom and what bindings join.
import type { FieldError } from '../definition.ts'
import type { PolicyRule, RoleRef, Subject } from '../k8s/rbac.ts'
import { checkDnsSubdomain, checkPathSegment } from '../names.ts'
import { invalid, invalidEach, notSupported, required } from './field-error.ts'

export const RBAC_GROUP = 'rbac.authorization.k8s.io'

export function validateRules(
  rules: readonly PolicyRule[],
  { namespaced }: { namespaced: boolean },
): FieldError[] {
  return rules.flatMap((rule, index) => validateRule(rule, `rules[${index}]`, namespaced))
}

function validateRule(rule: PolicyRule, field: string, namespaced: boolean): FieldError[] {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule
  const errors: FieldError[] = []
  if (!verbs?.length)
    errors.push(required(`${field}.verbs`, 'verbs must contain at least one value'))
  if (nonResourceURLs?.length) {
    const at = `${field}.nonResourceURLs`
    if (namespaced)
      errors.push(
        invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
      )
    if (apiGroups?.length || resources?.length || resourceNames?.length)
      errors.push(
        invalid(
          at,
          nonResourceURLs,
          'rules cannot apply to both regular resources and non-resource URLs',
        ),
      )
    return errors
  }
  if (!apiGroups?.length)
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'))
  if (!resources?.length)
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'))
  return errors
}

/** Groups of the kinds of subjects. */
const SUBJECT_GROUPS: Readonly<Record<string, string>> = {
  ServiceAccount: '',
  User: RBAC_GROUP,
  Group: RBAC_GROUP,
}

export function defaultBinding(binding: {
  roleRef?: RoleRef | undefined
  subjects?: Subject[] | undefined
}): void {
  if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= RBAC_GROUP
  for (const subject of binding.subjects ?? []) {
    const group = Object.hasOwn(SUBJECT_GROUPS, subject.kind) ? SUBJECT_GROUPS[subject.kind] : ''
    if (group) subject.apiGroup ||= group
  }
}

export function validateRoleRef(
  { apiGroup, kind, name }: RoleRef,
  supportedKinds: readonly string[],
): FieldError[] {
  const errors: FieldError[] = []
  if (apiGroup !== RBAC_GROUP) errors.push(notSupported('roleRef.apiGroup', apiGroup, [RBAC_GROUP]))
  if (!supportedKinds.includes(kind))
    errors.push(notSupported('roleRef.kind', kind, supportedKinds))
  if (!name) errors.push(required('roleRef.name'))
  else errors.push(...invalidEach('roleRef.name', name, checkPathSegment(name)))
  return errors
}

export function validateSubjects(
  subjects: readonly Subject[],
  { namespaced }: { namespaced: boolean },
): FieldError[] {
  return subjects.flatMap((subject, index) =>
    validateSubject(subject, `subjects[${index}]`, namespaced),
  )
}

function validateSubject(subject: Subject, field: string, namespaced: boolean): FieldError[] {
  const { kind, name, apiGroup = '', namespace } = subject
  const errors = name ? [] : [required(`${field}.name`)]
  if (!Object.hasOwn(SUBJECT_GROUPS, kind))
    return [...errors, notSupported(`${field}.kind`, kind, Object.keys(SUBJECT_GROUPS))]
  const group = SUBJECT_GROUPS[kind]!
  if (apiGroup !== group) errors.push(notSupported(`${field}.apiGroup`, apiGroup, [group]))
  if (kind !== 'ServiceAccount') return errors
  if (name) errors.push(...invalidEach(`${field}.name`, name, checkDnsSubdomain(name)))
  // In a namespace the binding's own is meant when none is named.
  if (!namespaced && !namespace) errors.push(required(`${field}.namespace`))
  return errors
}

/** What a binding grants stays; Kubernetes reports it by the names of its internal type. */
export function validateRoleRefUpdate(ref: RoleRef, old: RoleRef): FieldError[] {
  const isSame = ref.apiGroup === old.apiGroup && ref.kind === old.kind && ref.name === old.name
  if (isSame) return []
  const shown = { APIGroup: ref.apiGroup, Kind: ref.kind, Name: ref.name }
  return [invalid('roleRef', shown, 'cannot change roleRef')]
}
