// A file that the operator writes, read anew when it changes. One that is wrong changes nothing: what held before goes on
// to hold.
import { readFileSync, statSync } from 'node:fs'
import type { Clock } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'
import { Periodic } from '#base/periodic.ts'

const LOOK_EVERY_MS = 2_000

export interface OperatorFileOptions<T> {
  /** "audit policy": what the file is, for the log. */
  what: string
  file: string
  bytesMax: number
  /** What holds without a file. */
  fallback: T
  /** Throws an Error that says what is wrong. */
  read: (text: string) => T
  clock: Clock
  log: Logger
}

export class OperatorFile<T> {
  readonly #options: OperatorFileOptions<T>
  readonly #looking: Periodic
  #value: T
  /** What was read last; undefined before the first look. */
  #seen: string | undefined
  #fault: string | undefined

  constructor(options: OperatorFileOptions<T>) {
    this.#options = options
    this.#value = options.fallback
    const { clock, log, file, what } = options
    this.#looking = new Periodic({
      periodMs: LOOK_EVERY_MS,
      clock,
      work: () => Promise.resolve(this.look()),
      failed: (error) => log.error(`the ${what} could not be looked at`, { file, error }),
    })
  }

  /** Reads the file now, and again whenever it changes. */
  start(): void {
    this.look()
    this.#looking.start()
  }

  stop(): Promise<void> {
    return this.#looking.stop()
  }

  readonly value = (): T => this.#value

  get file(): string {
    return this.#options.file
  }

  /** Why the file is not what is gone by; undefined when it is, or when there is none. */
  get fault(): string | undefined {
    return this.#fault
  }

  look(): void {
    const { file, log, what, fallback, read } = this.#options
    const version = versionOf(file)
    if (version === this.#seen) return
    const isFirst = this.#seen === undefined
    this.#seen = version
    this.#fault = undefined
    if (version === ABSENT) {
      this.#value = fallback
      if (!isFirst) log.info(`the ${what} is the default one again`, { file })
      return
    }
    try {
      this.#value = read(this.#text())
      log.info(`read the ${what}`, { file })
    } catch (error) {
      this.#fault = describeError(error)
      const keeps = isFirst ? 'the default one is used' : 'the one before stays'
      log.error(`the ${what} is wrong, ${keeps}`, { file, error: this.#fault })
    }
  }

  #text(): string {
    const { file, bytesMax } = this.#options
    const { size } = statSync(file)
    if (size > bytesMax) throw new Error(`it has ${size} bytes, more than ${bytesMax}`)
    return readFileSync(file, 'utf8')
  }
}

const ABSENT = 'absent'

function versionOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return ABSENT
  const { mtimeMs, ino, size } = found
  return `${mtimeMs} ${ino} ${size}`
}
