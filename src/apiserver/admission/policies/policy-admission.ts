// Both kinds of admission policies of one cluster, and the check of what they say.
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '#kinds/k8s/admissionregistration.ts'
import type { ObjectStorage } from '../../objects/object-storage.ts'
import type { AdmissionPlugin } from '../plugin.ts'
import type { PolicyContext } from './invoke-policy.ts'
import { mutatingPolicies } from './mutating-policies.ts'
import { expressionAdmission } from './expression-admission.ts'
import { followPolicies } from './policy-list.ts'
import { validatingPolicies } from './validating-policies.ts'

export interface PolicyAdmission {
  /** Before the webhooks of the same kind. */
  plugins: readonly AdmissionPlugin[]
  close(): void
}

export function policyAdmission(
  context: PolicyContext & { objects: ObjectStorage },
): PolicyAdmission {
  const { objects } = context
  const mutating = followPolicies<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>(
    objects,
    {
      policies: 'mutatingadmissionpolicies',
      bindings: 'mutatingadmissionpolicybindings',
    },
  )
  const validating = followPolicies<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>(
    objects,
    {
      policies: 'validatingadmissionpolicies',
      bindings: 'validatingadmissionpolicybindings',
    },
  )
  return {
    plugins: [
      expressionAdmission,
      mutatingPolicies(context, mutating),
      validatingPolicies(context, validating),
    ],
    close() {
      mutating.close()
      validating.close()
    },
  }
}
