// Who may use the images of a machine: what was pulled with a Secret is for those who have that Secret,
// though the image is there for all to see. What nothing is known of was pulled by nobody's Secret.
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFileAtomic } from '#base/atomic-file.ts'
import type { Random } from '#base/random.ts'
import { nodeLimits } from '../limits.ts'
import type { Credentials } from '../runtime/runtime.ts'

/** Hashes of the credentials that an image was pulled with; "anyone" where it came without. */
type Users = string[] | 'anyone'

interface Records {
  /** So that nobody finds passwords by trying them on the hashes of another file. */
  salt: string
  /** Names of images that are being pulled with a Secret: whose they are is known afterwards. */
  pulling: string[]
  /** By the image's id, the oldest first. */
  users: Record<string, Users>
}

function recordsIn(file: string): Records | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Records
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${file} does not say who may use which image: ${String(error)}`, {
      cause: error,
    })
  }
}

/** Who may use an image after one more pull; undefined where there is no need to remember anything. */
function withUser(known: Users | undefined, hash: string | undefined): Users | undefined {
  if (hash === undefined) return known === undefined ? undefined : 'anyone'
  if (known === 'anyone' || known?.includes(hash) === true) return known
  return [...(known ?? []), hash]
}

export class PulledImages {
  readonly #file: string | undefined
  readonly #random: Random
  #records: Records | undefined

  /** Without a file, nothing is remembered over a restart. */
  constructor(options: { file?: string; random: Random }) {
    this.#file = options.file
    this.#random = options.random
  }

  /** Whether whoever has these credentials may use an image that is present. */
  mayUse(image: { id: string; name: string }, credentials: readonly Credentials[]): boolean {
    const { pulling, users } = this.#known
    const own = Object.hasOwn(users, image.id) ? users[image.id] : undefined
    if (own === undefined) return !pulling.includes(image.name)
    return own === 'anyone' || credentials.some((each) => own.includes(this.#hash(each)))
  }

  /** Before a pull with a Secret: an agent that dies now must not leave the image to all. */
  begin(name: string): void {
    const { pulling } = this.#known
    if (!pulling.includes(name)) this.#save({ pulling: [...pulling, name] })
  }

  /** After a pull that failed. */
  failed(name: string): void {
    const { pulling } = this.#known
    if (pulling.includes(name)) this.#save({ pulling: pulling.filter((each) => each !== name) })
  }

  /** After a pull: by whom it was done, undefined for nobody's credentials. */
  done(image: { id: string; name: string }, by: Credentials | undefined): void {
    const { users } = this.#known
    const known = Object.hasOwn(users, image.id) ? users[image.id] : undefined
    const next = withUser(known, by && this.#hash(by))
    if (next !== undefined && next !== known) {
      const { [image.id]: _, ...others } = users
      const kept = Object.entries(others).slice(-(nodeLimits.imagesRememberedMax - 1))
      this.#save({ users: Object.fromEntries([...kept, [image.id, next]]) })
    }
    // Last: until it is known whose the image is, it is nobody's.
    this.failed(image.name)
  }

  get #known(): Records {
    this.#records ??= (this.#file === undefined ? undefined : recordsIn(this.#file)) ?? {
      salt: this.#random.suffix(32),
      pulling: [],
      users: {},
    }
    return this.#records
  }

  #hash(credentials: Credentials): string {
    const { username, password } = credentials
    const text = JSON.stringify([username, password])
    return createHmac('sha256', this.#known.salt).update(text).digest('base64url')
  }

  #save(change: Partial<Records>): void {
    this.#records = { ...this.#known, ...change }
    if (this.#file !== undefined) writeFileAtomic(this.#file, JSON.stringify(this.#records))
  }
}
