import type { UserInfo } from '#base/api-call.ts'
import { badRequest } from '#base/errors.ts'
import { type FieldRequirement, parseFieldSelector } from '#kinds/field-selector.ts'
import type {
  FieldSelectorAttributes,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '#kinds/k8s/authorization.ts'
import type { Attributes } from '../authorization/authorizer.ts'
import type { Call, ClusterContext } from '../context.ts'
import { readBodyAs } from '../subresources/read-body.ts'
import type { ReviewHandler } from './reviews.ts'

const GROUP = 'authorization.k8s.io'
const apiVersion = `${GROUP}/v1`

const read = <T>(call: Call, kind: string): T =>
  readBodyAs<T>(call, { kind, apiVersion, schema: `io.k8s.api.authorization.v1.${kind}` })

export const reviewOwnAccess: ReviewHandler = (context, call) => {
  const review = read<SelfSubjectAccessReview>(call, 'SelfSubjectAccessReview')
  return decided(context, call.user, review)
}

export const reviewSubjectAccess: ReviewHandler = (context, call) => {
  const review = read<SubjectAccessReview>(call, 'SubjectAccessReview')
  return decided(context, subjectOf(review), review)
}

export const reviewLocalAccess: ReviewHandler = (context, call, namespace) => {
  const review = read<SubjectAccessReview>(call, 'LocalSubjectAccessReview')
  if (review.spec.resourceAttributes?.namespace !== namespace)
    throw badRequest('spec.resourceAttributes.namespace must be the namespace of the request')
  return decided(context, subjectOf(review), review)
}

export const reviewOwnRules: ReviewHandler = (context, call) => {
  const review = read<SelfSubjectRulesReview>(call, 'SelfSubjectRulesReview')
  const { namespace } = review.spec
  if (!namespace) throw badRequest('no namespace on request')
  const rules = context.authorizer.rulesFor(call.user, namespace)
  return { ...review, status: { incomplete: false, ...rules } }
}

function subjectOf({ spec }: SubjectAccessReview): UserInfo {
  if (!spec.user && (spec.groups?.length ?? 0) === 0)
    throw badRequest('at least one of user or group must be specified')
  return { username: spec.user ?? '', groups: spec.groups ?? [] }
}

interface Review {
  spec: {
    resourceAttributes?: ResourceAttributes | undefined
    nonResourceAttributes?: NonResourceAttributes | undefined
  }
}

function decided(context: ClusterContext, user: UserInfo, review: Review): object {
  const decision = context.authorizer.authorize(user, attributesOf(review.spec))
  const { allowed, reason } = decision
  return {
    ...review,
    spec: withoutEmpty(review.spec),
    status: reason === '' ? { allowed } : { allowed, reason },
  }
}

/** Go leaves empty attributes out of the answer. */
function withoutEmpty(spec: Review['spec']): Review['spec'] {
  const { resourceAttributes, ...rest } = spec
  if (resourceAttributes === undefined) return spec
  const kept = Object.entries(resourceAttributes).filter(([, value]) => value !== '')
  return { resourceAttributes: Object.fromEntries(kept), ...rest }
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: Review['spec']): Attributes {
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined))
    throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified')
  if (nonResourceAttributes !== undefined)
    return {
      type: 'path',
      verb: nonResourceAttributes.verb ?? '',
      path: nonResourceAttributes.path ?? '',
    }
  const { verb, group, version, resource, subresource, namespace, name, fieldSelector } =
    resourceAttributes!
  const selector = requirementsOf(fieldSelector)
  return {
    type: 'resource',
    verb: verb ?? '',
    group: group ?? '',
    version: version ?? '',
    resource: resource ?? '',
    subresource: subresource || undefined,
    namespace: namespace || undefined,
    name: name || undefined,
    ...(selector.length === 0 ? {} : { fieldSelector: selector }),
  }
}

/** What an authorizer cannot use is left out: without it less is allowed, never more. */
function requirementsOf(selector: FieldSelectorAttributes = {}): FieldRequirement[] {
  const { rawSelector, requirements = [] } = selector
  if (rawSelector) return parseFieldSelector(rawSelector)
  return requirements.flatMap(({ key, operator, values = [] }) => {
    const [value = '', ...others] = values
    if (others.length > 0 || (operator !== 'In' && operator !== 'NotIn')) return []
    return { field: key, operator: operator === 'In' ? '=' : '!=', value }
  })
}
