// Which token service of a challenge is asked at all. An upstream, or who pretends to be one, may name
// any: one that is not the upstream's own would get our password.
import { addressClass } from './address-class.ts'
import type { Challenge } from './challenge-header.ts'
import { UpstreamError } from './upstream-error.ts'

/** Domains below which anybody can have a name: only the same host is one's own there. */
const SHARED_DOMAINS = [
  'amazonaws.com',
  'azurewebsites.net',
  'cloudapp.net',
  'cloudfront.net',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'googleapis.com',
  'herokuapp.com',
  'netlify.app',
  'ngrok.io',
  'nip.io',
  'ondigitalocean.app',
  'onrender.com',
  'pages.dev',
  'run.app',
  'sslip.io',
  'vercel.app',
  'windows.net',
  'workers.dev',
] as const

/** "co.uk", "com.au": below a country, a short label is most often no domain of somebody's. */
const SECOND_LEVEL = /^(?:ac|co|com|edu|gob|gov|go|gv|mil|ne|net|nom|or|org|sch)$/

/** The part of a host's name that one owner has registered; the host itself when that is not sure. */
export function ownDomain(host: string): string {
  if (addressClass(host) !== undefined) return host
  if (SHARED_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`))) return host
  const labels = host.split('.')
  const isCountry = labels.at(-1)?.length === 2 && SECOND_LEVEL.test(labels.at(-2) ?? '')
  return labels.slice(isCountry ? -3 : -2).join('.')
}

export interface TokenServiceOptions {
  /** Of the endpoint that sent the challenge. */
  endpoint: URL
  /** Hosts that the operator trusts beside. */
  tokenHosts: readonly string[]
}

/** Where to ask for a token for `scope`. Throws `untrue` when the service is none to be asked. */
export function tokenUrl(
  { parameters }: Challenge,
  scope: string,
  { endpoint, tokenHosts }: TokenServiceOptions,
): URL {
  const realm = parameters.get('realm') ?? ''
  const url = URL.canParse(realm) ? new URL(realm) : undefined
  const problem = url === undefined ? 'is no URL' : realmProblem(url, { endpoint, tokenHosts })
  if (url === undefined || problem !== undefined)
    throw new UpstreamError(
      'untrue',
      `${endpoint.host} sends clients to the token service "${realm.slice(0, 200)}", which ${problem}`,
    )
  const service = parameters.get('service')
  if (service !== undefined) url.searchParams.set('service', service)
  url.searchParams.append('scope', scope)
  return url
}

function realmProblem(
  realm: URL,
  { endpoint, tokenHosts }: TokenServiceOptions,
): string | undefined {
  const isLoopback = isLoopbackHost(endpoint.hostname) && isLoopbackHost(realm.hostname)
  if (realm.protocol !== 'https:' && !(realm.protocol === 'http:' && isLoopback))
    return 'is not asked because it has no TLS'
  if (realm.username !== '' || realm.password !== '') return 'has credentials in it'
  if (isLoopback || tokenHosts.includes(realm.host) || tokenHosts.includes(realm.hostname))
    return undefined
  if (realm.hostname === endpoint.hostname) return undefined
  if (addressClass(realm.hostname) !== undefined) return 'is another address'
  if (ownDomain(realm.hostname) === ownDomain(endpoint.hostname)) return undefined
  return `is not its own: if it is right, add ${realm.host} to the tokenHosts of the Upstream`
}

export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || addressClass(host) === 'loopback'
