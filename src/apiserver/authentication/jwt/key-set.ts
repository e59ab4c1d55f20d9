// The public keys of an issuer: found by its discovery document, kept, and asked for again when they are old or a token
// names a key that is not among them.
import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import type { Clock } from '#base/clock.ts'
import { isRecord } from '../../body.ts'
import type { Outgoing } from '../../outgoing/outgoing.ts'
import { type JwtAuthenticator, jwtLimits } from './configuration.ts'

type Keys = ReturnType<typeof createLocalJWKSet>

export interface KeySetOptions {
  issuer: JwtAuthenticator['issuer']
  outgoing: Pick<Outgoing, 'ask'>
  clock: Clock
}

export class KeySet {
  readonly #options: KeySetOptions
  #keys: Keys | undefined
  #askedAtMs = -Infinity
  #asking: Promise<Keys> | undefined

  constructor(options: KeySetOptions) {
    this.#options = options
  }

  /** Those that are known, or `anew` those that the issuer has now, unless it was asked a moment ago. */
  async keys(options: { anew: boolean }): Promise<Keys> {
    const sinceMs = this.#options.clock.now() - this.#askedAtMs
    const againMs = options.anew ? jwtLimits.unknownKeyAgainMs : jwtLimits.keysAgainMs
    if (this.#keys !== undefined && sinceMs < againMs) return this.#keys
    try {
      this.#keys = await this.#ask()
    } catch (error) {
      // Old keys are better than none while the issuer is away.
      if (this.#keys === undefined) throw error
    }
    return this.#keys
  }

  /** One question for all who wait. */
  #ask(): Promise<Keys> {
    this.#askedAtMs = this.#options.clock.now()
    this.#asking ??= this.#fetch().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #fetch(): Promise<Keys> {
    const { url, discoveryURL } = this.#options.issuer
    const place = discoveryURL || `${url.replace(/\/$/, '')}/.well-known/openid-configuration`
    const document = await this.#read(place)
    if (document['issuer'] !== url)
      throw new Error(`the issuer calls itself ${JSON.stringify(document['issuer'])}, not ${url}`)
    const keysAt = document['jwks_uri']
    if (typeof keysAt !== 'string' || !keysAt.startsWith('https://'))
      throw new Error('the issuer names no jwks_uri with https')
    return createLocalJWKSet((await this.#read(keysAt)) as unknown as JSONWebKeySet)
  }

  async #read(place: string): Promise<Record<string, unknown>> {
    const { hostname, host, port, pathname, search } = new URL(place)
    const { issuer, outgoing } = this.#options
    const name = hostname.replace(/^\[|\]$/g, '')
    const target = {
      address: { host: name, port: Number(port || 443), inCluster: false },
      tls: { serverName: name, verify: true, caPem: issuer.certificateAuthority || undefined },
    }
    const { status, text } = await outgoing.ask(target, {
      method: 'GET',
      path: `${pathname}${search}`,
      headers: { host, accept: 'application/json' },
      timeoutMs: jwtLimits.documentTimeoutMs,
      bodyBytesMax: jwtLimits.documentBytesMax,
    })
    if (status !== 200) throw new Error(`${place} answered ${status}`)
    const value: unknown = JSON.parse(text)
    if (!isRecord(value)) throw new Error(`${place} is no JSON object`)
    return value
  }
}
