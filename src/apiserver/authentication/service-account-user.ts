import type { UserInfo } from '#base/api-call.ts'

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
