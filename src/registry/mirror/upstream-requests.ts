// Requests to an upstream, as registries want them: with a token of its token service, to one endpoint
// after the other, after redirects. The credential goes to the token service, tokens go to the
// endpoint they are for, and neither goes anywhere else.
import type { Clock } from '#base/clock.ts'
import { version } from '#base/version.ts'
import { type AddressClass, reachableFrom } from './address-class.ts'
import { type Challenge, parseChallenges } from './challenge-header.ts'
import type { Exchange, ExchangeResponse } from './exchange.ts'
import { mirrorLimits } from './mirror-limits.ts'
import type { RateBudget } from './rate-budget.ts'
import { collect, drop, inTime, linkedSignal } from './time-limits.ts'
import { tokenUrl } from './token-service.ts'
import type { UpstreamConfig } from './upstream-config.ts'
import { isFailure, UpstreamError } from './upstream-error.ts'
import { UpstreamTokens } from './upstream-tokens.ts'

export interface UpstreamRequest {
  method: 'GET' | 'HEAD'
  /** With its query; made of names that were checked. */
  path: string
  /** The repository a token is needed for. */
  name: string
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal | undefined
}

export interface UpstreamAnswer extends ExchangeResponse {
  /** Ends the body. */
  controller: AbortController
  /** Whether another host than the endpoint answered. */
  isElsewhere: boolean
}

export interface UpstreamRequestsOptions {
  config: UpstreamConfig
  exchange: Exchange
  clock: Clock
  budget: RateBudget
}

interface Endpoint {
  url: URL
  tokens: UpstreamTokens
  /** Learned with each of its answers. */
  addressClass: AddressClass | undefined
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Headers of every request; what is compressed on the way would not have the digest it is named by. */
const COMMON = { 'accept-encoding': 'identity', 'user-agent': `ccs/${version}` }

export class UpstreamRequests {
  readonly #config: UpstreamConfig
  readonly #exchange: Exchange
  readonly #clock: Clock
  readonly #budget: RateBudget
  readonly #endpoints: readonly Endpoint[]

  constructor({ config, exchange, clock, budget }: UpstreamRequestsOptions) {
    this.#config = config
    this.#exchange = exchange
    this.#clock = clock
    this.#budget = budget
    this.#endpoints = config.endpoints.map((text) => {
      const url = new URL(text)
      const ask = (challenge: Challenge, scope: string): Promise<Buffer> =>
        this.#askToken(endpoint, challenge, scope)
      const endpoint: Endpoint = {
        url,
        tokens: new UpstreamTokens({ clock, ask }),
        addressClass: undefined,
      }
      return endpoint
    })
  }

  /** The answer of the first endpoint that works, whatever its status, but 401 and redirects. */
  async send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const { host, offline } = this.#config
    if (offline)
      throw new UpstreamError('offline', `${host} is not asked: its Upstream is set to offline`)
    this.#budget.checkAny()
    let failure: UpstreamError | undefined
    for (const [at, endpoint] of this.#endpoints.entries()) {
      try {
        const answer = await this.#sendTo(endpoint, request)
        const isLast = at === this.#endpoints.length - 1
        if (answer.status < 500 || isLast) return answer
        drop(answer, this.#clock)
      } catch (error) {
        if (!(error instanceof UpstreamError) || !isFailure(error)) throw error
        failure ??= error
      }
    }
    throw failure ?? new UpstreamError('unreachable', `${host} has no endpoint`)
  }

  async #sendTo(endpoint: Endpoint, request: UpstreamRequest): Promise<UpstreamAnswer> {
    const scope = `repository:${request.name}:pull`
    let token = endpoint.tokens.find(scope)
    let authorization = token === undefined ? undefined : `Bearer ${token}`
    // One from before may have been taken back; a new one that is not taken is the upstream's last word.
    let isKept = token !== undefined
    for (;;) {
      const answer = await this.#follow(endpoint, request, authorization)
      if (answer.status !== 401 || answer.isElsewhere) return answer
      drop(answer, this.#clock)
      if (authorization !== undefined && !isKept) throw this.#denied(request.name)
      isKept = false
      const challenges = parseChallenges(answer.headers['www-authenticate'])
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
      if (bearer !== undefined) {
        token = await endpoint.tokens.get(bearer, scope, token)
        authorization = `Bearer ${token}`
      } else if (challenges.some(({ scheme }) => scheme === 'basic')) {
        token = undefined
        authorization = this.#basic()
        if (authorization === undefined) throw this.#denied(request.name)
      } else throw this.#denied(request.name)
    }
  }

  async #follow(
    endpoint: Endpoint,
    request: UpstreamRequest,
    authorization: string | undefined,
  ): Promise<UpstreamAnswer> {
    let url = new URL(request.path, endpoint.url)
    let isElsewhere = false
    for (let redirects = 0; redirects <= mirrorLimits.redirectsMax; redirects++) {
      const controller = linkedSignal(request.signal)
      const own = endpoint.addressClass
      const asked = this.#exchange({
        method: request.method,
        url,
        headers: {
          ...COMMON,
          ...request.headers,
          ...(authorization !== undefined && !isElsewhere && { authorization }),
        },
        reachable: isElsewhere && own !== undefined ? reachableFrom(own) : undefined,
        signal: controller.signal,
      })
      const limit = { clock: this.#clock, ms: mirrorLimits.firstByteMs, controller }
      const answer = await inTime({ ...limit, what: `the answer of ${url.host}` }, asked)
      if (!isElsewhere) endpoint.addressClass = answer.addressClass
      if (!REDIRECTS.has(answer.status)) return { ...answer, controller, isElsewhere }
      drop({ ...answer, controller }, this.#clock)
      const next = redirected(url, answer.headers['location'])
      // Once away, also a way back is none that credentials take.
      isElsewhere ||= next.origin !== endpoint.url.origin
      url = next
    }
    throw new UpstreamError('untrue', `${endpoint.url.host} redirects without end`)
  }

  async #askToken(endpoint: Endpoint, challenge: Challenge, scope: string): Promise<Buffer> {
    const { tokenHosts } = this.#config
    const url = tokenUrl(challenge, scope, { endpoint: endpoint.url, tokenHosts })
    const isNamed = tokenHosts.includes(url.host) || tokenHosts.includes(url.hostname)
    const authorization = this.#basic()
    const controller = linkedSignal(undefined)
    const own = endpoint.addressClass
    const work = async () => {
      const answer = await this.#exchange({
        method: 'GET',
        url,
        headers: { ...COMMON, ...(authorization !== undefined && { authorization }) },
        reachable: isNamed || own === undefined ? undefined : reachableFrom(own),
        signal: controller.signal,
      })
      if (answer.status === 200)
        return collect(answer.body, { bytesMax: mirrorLimits.tokenBytesMax, what: 'the token' })
      drop({ ...answer, controller }, this.#clock)
      throw this.#tokenRefused(url, answer)
    }
    const what = `the answer of the token service ${url.host}`
    const limit = { clock: this.#clock, ms: mirrorLimits.smallBodyMs, what, controller }
    return inTime(limit, work())
  }

  #tokenRefused(url: URL, { status, headers }: ExchangeResponse): UpstreamError {
    if (status === 429) return this.#budget.refused('all', headers)
    if (status === 401 || status === 403)
      return new UpstreamError(
        'denied',
        this.#config.credential === undefined
          ? `${url.host} gives no tokens to who does not log in: name a credentialSecret in the Upstream`
          : `${url.host} does not take the credential of the Upstream ${this.#config.name}`,
      )
    return new UpstreamError(
      status >= 500 ? 'unreachable' : 'untrue',
      `the token service ${url.host} answered ${status}`,
    )
  }

  #basic(): string | undefined {
    const { credential } = this.#config
    if (credential === undefined) return undefined
    const { username, password } = credential
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }

  #denied(name: string): UpstreamError {
    const { host, credential } = this.#config
    const hint =
      credential === undefined ? ', and its Upstream has no credential for private ones' : ''
    return new UpstreamError('denied', `${host} has no repository ${name}, or hides it${hint}`)
  }
}

/** Where a redirect leads. Throws `untrue` when that is nowhere to go. */
function redirected(from: URL, location: string | undefined): URL {
  const url = URL.canParse(location ?? '', from.href) ? new URL(location ?? '', from) : undefined
  const isGood =
    location !== undefined &&
    url !== undefined &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && from.protocol === 'http:')) &&
    url.username === '' &&
    url.password === ''
  if (isGood) return url
  throw new UpstreamError(
    'untrue',
    `${from.host} redirects to "${(location ?? '').slice(0, 200)}", which is not followed: it has no TLS`,
  )
}
