// No request without a decision: turns a refusal into the 403 that Kubernetes answers.
import type { UserInfo } from '#base/api-call.ts'
import { StatusError } from '#base/errors.ts'
import { forbidden } from '../api-errors.ts'
import type { Attributes, Authorizer, Decision } from './authorizer.ts'

export function checkAccess(
  authorizer: Authorizer,
  user: UserInfo,
  attributes: Attributes,
): Decision {
  const decision = authorizer.authorize(user, attributes)
  assertAllowed(decision, user, attributes)
  return decision
}

/** Throws the 403 of a decision against the user. */
export function assertAllowed(decision: Decision, user: UserInfo, attributes: Attributes): void {
  if (decision.allowed) return
  const because = decision.reason === '' ? '' : `: ${decision.reason}`
  if (attributes.type === 'path')
    throw new StatusError(
      'Forbidden',
      `forbidden: User "${user.username}" cannot ${attributes.verb} path "${attributes.path}"${because}`,
      { details: {} },
    )
  const { verb, group, resource, subresource, namespace, name } = attributes
  const full = subresource === undefined ? resource : `${resource}/${subresource}`
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  throw forbidden(
    { group, resource },
    name ?? '',
    `User "${user.username}" cannot ${verb} resource "${full}" in API group "${group}" ${where}${because}`,
  )
}
