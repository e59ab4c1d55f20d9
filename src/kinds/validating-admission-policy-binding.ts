import type { ValidatingAdmissionPolicyBinding } from './k8s/admissionregistration.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defaultMatchResources } from './defaults/admission-rules.ts'
import { defineKind } from './define-kind.ts'
import { validatingAdmissionPolicyBindings } from './refs.ts'
import { validateActions, validatePolicyBinding } from './validate/admission-policy.ts'

export type { ValidatingAdmissionPolicyBinding } from './k8s/admissionregistration.ts'

export const validatingAdmissionPolicyBindingKind = defineKind<ValidatingAdmissionPolicyBinding>({
  ref: validatingAdmissionPolicyBindings,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  categories: ['api-extensions'],
  hasGeneration: true,
  defaults(binding) {
    binding.spec ??= {} as ValidatingAdmissionPolicyBinding['spec']
    defaultMatchResources(binding.spec.matchResources)
  },
  validate: ({ spec }) => [
    ...validatePolicyBinding(spec),
    ...validateActions(spec.validationActions),
  ],
  columns: [
    nameColumn,
    column('PolicyName', 'What is bound.', ({ spec }) => spec.policyName ?? ''),
    column('ParamRef', 'Where its parameters are.', ({ spec: { paramRef } }) => {
      if (paramRef === undefined) return '<unset>'
      const { name, namespace } = paramRef
      if (!name) return '<selector>'
      return namespace ? `${namespace}/${name}` : name
    }),
    ageColumn,
  ],
})
