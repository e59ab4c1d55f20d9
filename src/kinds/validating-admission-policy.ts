import type { ValidatingAdmissionPolicy } from './k8s/admissionregistration.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defaultMatchResources } from './defaults/admission-rules.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { validatingAdmissionPolicies } from './refs.ts'
import { validateValidatingPolicy } from './validate/admission-policy.ts'

export type { ValidatingAdmissionPolicy } from './k8s/admissionregistration.ts'

export const validatingAdmissionPolicyKind = defineKind<ValidatingAdmissionPolicy>({
  ref: validatingAdmissionPolicies,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  categories: ['api-extensions'],
  subresources: ['status'],
  hasGeneration: true,
  defaults(policy) {
    policy.spec ??= {}
    policy.spec.failurePolicy ??= 'Fail'
    defaultMatchResources(policy.spec.matchConstraints)
  },
  validate: ({ metadata, spec }) => validateValidatingPolicy(spec, metadata.name),
  prepare: prepareStatus({ initial: () => ({}) }),
  columns: [
    nameColumn,
    column(
      'Validations',
      'How many there are.',
      ({ spec }) => spec.validations?.length ?? 0,
      'integer',
    ),
    column('ParamKind', 'What its parameters are.', ({ spec: { paramKind } }) =>
      paramKind === undefined ? '<unset>' : `${paramKind.apiVersion}/${paramKind.kind}`,
    ),
    ageColumn,
  ],
})
