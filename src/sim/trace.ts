// What happened in a simulation, in order: a hash to compare runs by, and the end of it to read.
import { createHash } from 'node:crypto'

const KEPT_LINES_MAX = 200

export class Trace {
  readonly #hash = createHash('sha256')
  readonly #lines: string[] = []
  readonly #now: () => number
  readonly #write: ((line: string) => void) | undefined
  #length = 0

  /** `now` in milliseconds; times of day are shown, from midnight on. */
  constructor(now: () => number, write?: (line: string) => void) {
    this.#now = now
    this.#write = write
  }

  get length(): number {
    return this.#length
  }

  note(line: string): void {
    const stamped = `${new Date(this.#now()).toISOString().slice(8, 23)} ${line}`
    this.#hash.update(`${stamped}\n`)
    this.#length++
    this.#write?.(stamped)
    this.#lines.push(stamped)
    if (this.#lines.length > 2 * KEPT_LINES_MAX) this.#lines.splice(0, KEPT_LINES_MAX)
  }

  /** Of all lines so far, short enough to print. */
  hash(): string {
    return this.#hash.copy().digest('hex').slice(0, 16)
  }

  tail(): string[] {
    return this.#lines.slice(-KEPT_LINES_MAX)
  }
}
