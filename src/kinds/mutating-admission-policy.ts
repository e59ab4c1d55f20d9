import type { MutatingAdmissionPolicy } from './k8s/admissionregistration.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defaultMatchResources } from './defaults/admission-rules.ts'
import { defineKind } from './define-kind.ts'
import { mutatingAdmissionPolicies } from './refs.ts'
import { validateMutatingPolicy } from './validate/admission-policy.ts'

export type { MutatingAdmissionPolicy } from './k8s/admissionregistration.ts'

export const mutatingAdmissionPolicyKind = defineKind<MutatingAdmissionPolicy>({
  ref: mutatingAdmissionPolicies,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy',
  categories: ['api-extensions'],
  hasGeneration: true,
  defaults(policy) {
    policy.spec ??= {}
    policy.spec.failurePolicy ??= 'Fail'
    defaultMatchResources(policy.spec.matchConstraints)
  },
  validate: ({ spec }) => validateMutatingPolicy(spec),
  columns: [
    nameColumn,
    column(
      'Mutations',
      'How many there are.',
      ({ spec }) => spec.mutations?.length ?? 0,
      'integer',
    ),
    column('ParamKind', 'What its parameters are.', ({ spec: { paramKind } }) =>
      paramKind === undefined ? '<unset>' : `${paramKind.apiVersion}/${paramKind.kind}`,
    ),
    ageColumn,
  ],
})
