import type { MutatingAdmissionPolicyBinding } from './k8s/admissionregistration.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defaultMatchResources } from './defaults/admission-rules.ts'
import { defineKind } from './define-kind.ts'
import { mutatingAdmissionPolicyBindings } from './refs.ts'
import { validatePolicyBinding } from './validate/admission-policy.ts'

export type { MutatingAdmissionPolicyBinding } from './k8s/admissionregistration.ts'

export const mutatingAdmissionPolicyBindingKind = defineKind<MutatingAdmissionPolicyBinding>({
  ref: mutatingAdmissionPolicyBindings,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding',
  categories: ['api-extensions'],
  hasGeneration: true,
  defaults(binding) {
    binding.spec ??= {} as MutatingAdmissionPolicyBinding['spec']
    defaultMatchResources(binding.spec.matchResources)
  },
  validate: ({ spec }) => validatePolicyBinding(spec),
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
