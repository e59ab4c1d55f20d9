// From a name and a password to an account. Passwords of people cost a slow hash, so they are tried a
// few at a time, remembered when right, and refused for a while to an address that is often wrong.
// Nobody is locked out by somebody else who knows its name.
import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { verifyPassword } from '#identity/password-hash.ts'
import { equalSecrets, hashToken } from '#identity/secret-token.ts'
import { RegistryError } from '../registry-error.ts'
import type { Access } from './access.ts'
import { type Account, identityOf } from './account.ts'
import { FailureLimit } from './failure-limit.ts'

export const logInLimits = {
  /** Wrong passwords from one address before it has to wait. */
  failuresMax: 20,
  /** In this time, and for this time from the last one. */
  failureWindowMs: 60_000,
  /** Addresses that are watched; the one silent longest is forgotten. */
  addressesMax: 10_000,
  /** Slow hashes at once: each takes 19 MiB and a core. */
  hashesMax: 2,
  /** Slow hashes that wait for their turn. */
  waitingMax: 64,
  /** A right password is not hashed again for this long. */
  rememberMs: 5 * 60_000,
  rememberedMax: 1_000,
} as const

export interface LogInOptions {
  access: Access
  clock: Clock
  verify?: typeof verifyPassword
}

type Person = Extract<Account, { kind: 'user' }>

/** Robots' tokens cost no slow hash, so a pipeline with an old one costs us nothing. */
const isRobotLogin = (username: string) => username.includes('+')

export class LogIn {
  readonly #access: Access
  readonly #clock: Clock
  readonly #verify: typeof verifyPassword
  readonly #failures: FailureLimit
  /** Right passwords: until when, by what only this process can compute. */
  readonly #right = new Map<string, number>()
  readonly #secret = randomBytes(32)
  readonly #waiting: (() => void)[] = []
  #hashing = 0

  constructor({ access, clock, verify = verifyPassword }: LogInOptions) {
    this.#access = access
    this.#clock = clock
    this.#verify = verify
    this.#failures = new FailureLimit({ clock, ...logInLimits })
  }

  /** The account; nothing when name or password is wrong. Throws TOOMANYREQUESTS. */
  async account(
    { username, password }: { username: string; password: string },
    from: { address: string; cluster: string | undefined },
  ): Promise<Account | undefined> {
    const account = this.#access.find(username)
    const isPerson = account === undefined ? !isRobotLogin(username) : account.kind === 'user'
    if (isPerson) return this.#person(account as Person | undefined, password, from.address)
    if (account === undefined || account.kind === 'anonymous' || account.kind === 'user') return
    const { tokenHash } = account.kind === 'robot' ? account.robot : account.user
    if (!equalSecrets(tokenHash, hashToken(password))) return undefined
    const only = account.kind === 'platform' ? account.user.cluster : undefined
    return only === undefined || only === from.cluster ? account : undefined
  }

  /** Somebody unknown takes as long as somebody with a wrong password. */
  async #person(
    account: Person | undefined,
    password: string,
    address: string,
  ): Promise<Account | undefined> {
    const hash = account?.user.passwordHash
    const key = account && hash ? this.#keyOf(account, hash, password) : undefined
    if (key !== undefined && (this.#right.get(key) ?? 0) > this.#clock.now()) return account
    this.#requireFewFailures(address)
    const isRight = await this.#hashed(() => this.#verify(hash ?? NOBODY, password))
    if (!isRight || account === undefined || key === undefined) {
      this.#failures.failed(address)
      return undefined
    }
    this.#remember(key)
    return account
  }

  /** The hash is part of it: another password makes what was remembered worthless. */
  #keyOf(account: Account, hash: string, password: string): string {
    const text = JSON.stringify([identityOf(account), hash, password])
    return createHmac('sha256', this.#secret).update(text).digest('base64')
  }

  #remember(key: string): void {
    this.#right.delete(key)
    if (this.#right.size >= logInLimits.rememberedMax) {
      const [oldest] = this.#right.keys()
      if (oldest !== undefined) this.#right.delete(oldest)
    }
    this.#right.set(key, this.#clock.now() + logInLimits.rememberMs)
  }

  #requireFewFailures(address: string): void {
    const waitMs = this.#failures.waitMs(address)
    if (waitMs > 0) throw tooMany('too many wrong passwords came from your address', waitMs)
  }

  async #hashed(work: () => Promise<boolean>): Promise<boolean> {
    if (this.#hashing >= logInLimits.hashesMax) {
      if (this.#waiting.length >= logInLimits.waitingMax)
        throw tooMany('too many are logging in', 1_000)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#hashing++
    try {
      return await work()
    } finally {
      this.#hashing--
      this.#waiting.shift()?.()
    }
  }
}

/** A hash of nothing that anybody knows. */
const NOBODY = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

function tooMany(what: string, waitMs: number): RegistryError {
  const seconds = Math.ceil(waitMs / 1000)
  return new RegistryError('TOOMANYREQUESTS', `${what}: try again in ${seconds} s`, {
    headers: { 'Retry-After': String(seconds) },
  })
}
