// Kinds that are asked, not stored: who am I, may I, who is this; and bindings, which change a pod.
import type { Call, ClusterContext, Outcome } from '../context.ts'
import type { ReviewResource } from '../resources.ts'
import {
  reviewLocalAccess,
  reviewOwnAccess,
  reviewOwnRules,
  reviewSubjectAccess,
} from './access-reviews.ts'
import { bindNamed } from '../subresources/binding.ts'
import { reviewSelf, reviewToken } from './identity-reviews.ts'

export interface ReviewRequest {
  review: ReviewResource
  namespace: string | undefined
}

export type ReviewHandler = (
  context: ClusterContext,
  call: Call,
  namespace: string | undefined,
) => Promise<object> | object

const AUTHENTICATION = { group: 'authentication.k8s.io', version: 'v1' }
const AUTHORIZATION = { group: 'authorization.k8s.io', version: 'v1' }

const review = (
  where: { group: string; version: string },
  kind: string,
  namespaced = false,
): ReviewResource => ({
  ...where,
  kind,
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  namespaced,
})

export const reviewResources: readonly ReviewResource[] = [
  review({ group: '', version: 'v1' }, 'Binding', true),
  review(AUTHENTICATION, 'SelfSubjectReview'),
  review(AUTHENTICATION, 'TokenReview'),
  review(AUTHORIZATION, 'LocalSubjectAccessReview', true),
  review(AUTHORIZATION, 'SelfSubjectAccessReview'),
  review(AUTHORIZATION, 'SelfSubjectRulesReview'),
  review(AUTHORIZATION, 'SubjectAccessReview'),
]

const HANDLERS: Readonly<Record<string, ReviewHandler>> = {
  Binding: bindNamed,
  SelfSubjectReview: reviewSelf,
  TokenReview: reviewToken,
  LocalSubjectAccessReview: reviewLocalAccess,
  SelfSubjectAccessReview: reviewOwnAccess,
  SelfSubjectRulesReview: reviewOwnRules,
  SubjectAccessReview: reviewSubjectAccess,
}

export type ReviewHandlers = (
  context: ClusterContext,
  call: Call,
  request: ReviewRequest,
) => Promise<Outcome>

export const answerReview: ReviewHandlers = async (context, call, request) => {
  const handler = HANDLERS[request.review.kind]!
  return {
    type: 'object',
    status: 201,
    object: await handler(context, call, request.namespace),
  }
}
