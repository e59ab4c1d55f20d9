// How the server tells another one who asks: by headers that count because of the certificate it shows
// (authenticating proxy of Kubernetes).
import type { UserInfo } from '#base/api-call.ts'

export interface FrontProxy {
  /** PEM of the authority that signs `client`; other servers learn it from a ConfigMap. */
  authorityPem: string
  /** The certificate to show, with its key: one that is valid for a while yet. */
  client(): Promise<{ certificatePem: string; keyPem: string }>
}

/** The common name of the certificate. */
export const FRONT_PROXY_USER = 'front-proxy-client'

export const FRONT_PROXY_HEADERS = {
  username: 'X-Remote-User',
  uid: 'X-Remote-Uid',
  group: 'X-Remote-Group',
  extraPrefix: 'X-Remote-Extra-',
} as const

/** Whether a header says who asks: one that a client sent must not reach the other server. */
export const isFrontProxyHeader = (name: string): boolean =>
  name.toLowerCase().startsWith('x-remote-')

export function frontProxyHeaders({
  username,
  uid,
  groups,
  extra = {},
}: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { [FRONT_PROXY_HEADERS.username]: username }
  if (uid !== undefined && uid !== '') headers[FRONT_PROXY_HEADERS.uid] = uid
  if (groups.length > 0) headers[FRONT_PROXY_HEADERS.group] = [...groups]
  for (const [key, values] of Object.entries(extra))
    headers[`${FRONT_PROXY_HEADERS.extraPrefix}${headerKey(key)}`] = [...values]
  return headers
}

/** Keys of extras are any text; those of headers are tokens (RFC 9110 5.6.2). */
const headerKey = (key: string): string =>
  key.replaceAll(/[^!#$&'*+.^_`|~0-9A-Za-z-]/g, (character) => encodeURIComponent(character))
