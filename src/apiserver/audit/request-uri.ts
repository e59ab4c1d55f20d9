// A request's URI without what opens doors. Pure.

/** Query parameters that servers, also those behind a proxy, take credentials from. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'access_token',
  'api_key',
  'apikey',
  'auth_token',
  'authorization',
  'bearer_token',
  'client_secret',
  'id_token',
  'password',
  'refresh_token',
  'secret',
  'token',
])

const REDACTED = 'REDACTED'

// Most queries name none of it, and are let through at a glance. A name may be percent-encoded.
const SUSPECT = /token|secret|passw|api_?key|authorization|%/i

/** `uri` is a path with query. */
export function loggedUri(uri: string): string {
  const mark = uri.indexOf('?')
  if (mark < 0) return uri
  const query = uri.slice(mark + 1)
  if (!SUSPECT.test(query)) return uri
  const parts = query.split('&').map((part) => {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    return equals >= 0 && isCredential(name) ? `${name}=${REDACTED}` : part
  })
  return `${uri.slice(0, mark)}?${parts.join('&')}`
}

const isCredential = (name: string): boolean =>
  CREDENTIALS.has((new URLSearchParams(`${name}=`).keys().next().value ?? '').toLowerCase())
