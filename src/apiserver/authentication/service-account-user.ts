import type { UserInfo } from '#base/api-call.ts'
import type { ServiceAccountClaim } from '#identity/token-issuer.ts'

export interface ServiceAccountIdentity {
  namespace: string
  name: string
  uid: string
}

/** The user a service account is; Kubernetes fixes the names. */
export function serviceAccountUser({ namespace, name, uid }: ServiceAccountIdentity): UserInfo {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: [
      'system:serviceaccounts',
      `system:serviceaccounts:${namespace}`,
      'system:authenticated',
    ],
  }
}

const EXTRA = 'authentication.kubernetes.io/'

export const CREDENTIAL_ID = `${EXTRA}credential-id`

/** The user of a token, with where it is used and which token it is. */
export function tokenUser(claim: ServiceAccountClaim, tokenId: string): UserInfo {
  const { namespace, serviceaccount, pod, node } = claim
  const extra: Record<string, string[]> = { [CREDENTIAL_ID]: [`JTI=${tokenId}`] }
  if (node !== undefined) {
    extra[`${EXTRA}node-name`] = [node.name]
    if (node.uid !== undefined) extra[`${EXTRA}node-uid`] = [node.uid]
  }
  if (pod !== undefined) {
    extra[`${EXTRA}pod-name`] = [pod.name]
    extra[`${EXTRA}pod-uid`] = [pod.uid]
  }
  return { ...serviceAccountUser({ namespace, ...serviceaccount }), extra }
}
