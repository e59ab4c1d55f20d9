// Tokens of an upstream's token service: asked for once for many requests, kept until shortly before
// their end. For a repository each; the credential is that of the upstream.
import type { Clock } from '#base/clock.ts'
import type { Challenge } from './challenge-header.ts'
import { mirrorLimits } from './mirror-limits.ts'
import { UpstreamError } from './upstream-error.ts'

export interface Token {
  value: string
  /** By `Clock.monotonic`. */
  goodUntil: number
}

export interface UpstreamTokensOptions {
  clock: Clock
  /** Asks the token service; gives its answer as it came. */
  ask: (challenge: Challenge, scope: string) => Promise<Buffer>
}

export class UpstreamTokens {
  readonly #clock: Clock
  readonly #ask: UpstreamTokensOptions['ask']
  /** By scope, the latest last. */
  readonly #tokens = new Map<string, Token>()
  readonly #underWay = new Map<string, Promise<Token>>()

  constructor({ clock, ask }: UpstreamTokensOptions) {
    this.#clock = clock
    this.#ask = ask
  }

  /** One that is good for a while, without asking. */
  find(scope: string): string | undefined {
    const token = this.#tokens.get(scope)
    if (token === undefined) return undefined
    if (token.goodUntil - mirrorLimits.tokenSpareMs > this.#clock.monotonic()) return token.value
    this.#tokens.delete(scope)
    return undefined
  }

  /** A token other than `refused`, which the upstream did not take. */
  async get(challenge: Challenge, scope: string, refused: string | undefined): Promise<string> {
    const known = this.find(scope)
    if (known !== undefined && known !== refused) return known
    const asked = this.#underWay.get(scope) ?? this.#fetch(challenge, scope)
    this.#underWay.set(scope, asked)
    return (await asked).value
  }

  async #fetch(challenge: Challenge, scope: string): Promise<Token> {
    try {
      const askedAt = this.#clock.monotonic()
      const token = parseToken(await this.#ask(challenge, scope), askedAt)
      this.#tokens.delete(scope)
      const [oldest] = this.#tokens.keys()
      if (oldest !== undefined && this.#tokens.size >= mirrorLimits.tokensMax)
        this.#tokens.delete(oldest)
      this.#tokens.set(scope, token)
      return token
    } finally {
      this.#underWay.delete(scope)
    }
  }
}

/** Characters of a token: what can be in a header and nothing else. */
const TOKEN = /^[\x21-\x7e]{1,65536}$/

function parseToken(body: Buffer, askedAt: number): Token {
  const json = parseJson(body)
  const value = json?.['token'] ?? json?.['access_token']
  if (typeof value !== 'string' || !TOKEN.test(value))
    throw new UpstreamError('untrue', 'the token service sent no token')
  const seconds = json?.['expires_in']
  const lifeMs =
    typeof seconds === 'number' && seconds > 0
      ? Math.min(seconds * 1000, mirrorLimits.tokenLifeMsMax)
      : mirrorLimits.tokenLifeMs
  // By our own clock: theirs may be wrong.
  return { value, goodUntil: askedAt + lifeMs }
}

function parseJson(body: Buffer): Record<string, unknown> | null {
  try {
    return JSON.parse(body.toString()) as Record<string, unknown> | null
  } catch (error) {
    throw new UpstreamError('untrue', 'the token service sent no JSON', { cause: error })
  }
}
