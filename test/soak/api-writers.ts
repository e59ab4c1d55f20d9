// Writers of an API that keep a ledger: each has objects of its own, which it creates, replaces and deletes.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#base/random.ts'
import type { Answer, ApiClient } from './api-client.ts'
import type { Ledger } from './ledger.ts'

const RETRY_MS = 20
const DELETED_SHARE = 0.1
const CREATED = 201
const OK = 200
const TOO_MANY = 429

export interface WritersOptions {
  client: ApiClient
  ledger: Ledger
  random: Random
  /** Path of the collection of ConfigMaps. */
  path: string
  writers: number
  objectsEach: number
}

export class ApiWriters {
  readonly #options: WritersOptions
  #isStopped = false
  readonly #running: Promise<void>[] = []
  #count = 0
  #failure: Error | undefined

  constructor(options: WritersOptions) {
    this.#options = options
  }

  start(): void {
    for (let writer = 0; writer < this.#options.writers; writer++)
      this.#running.push(
        this.#write(writer).catch((error: Error) => void (this.#failure ??= error)),
      )
  }

  get count(): number {
    return this.#count
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #write(writer: number): Promise<void> {
    const { random, ledger, objectsEach } = this.#options
    for (let i = 0; !this.#isStopped; i++) {
      const name = `w${writer}-${i % objectsEach}`
      const record = ledger.record(name)
      // After a write without an answer nobody knows what is there: this one waits for the next look.
      if (record.asked.length > 0) {
        await sleep(RETRY_MS)
        continue
      }
      const isThere = record.known !== undefined
      const state =
        isThere && random.next() < DELETED_SHARE ? undefined : `${writer}/${i}/${random.next()}`
      ledger.asks(name, state)
      try {
        this.#take(name, state, await this.#send(name, state, isThere))
      } catch (error) {
        if (!isCut(error)) throw error
        await sleep(RETRY_MS)
      }
    }
  }

  #send(name: string, state: string | undefined, isThere: boolean): Promise<Answer> {
    const { client, path } = this.#options
    if (state === undefined) return client.ask('DELETE', `${path}/${name}`)
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { value: state },
    }
    return isThere ? client.ask('PUT', `${path}/${name}`, object) : client.ask('POST', path, object)
  }

  #take(name: string, state: string | undefined, { status, body }: Answer): void {
    const { ledger } = this.#options
    // Refused before anything was done.
    if (status === TOO_MANY) return void (ledger.record(name).asked = [])
    if (status !== OK && status !== CREATED)
      throw new Error(`the write of ${name} was answered with ${status}: ${JSON.stringify(body)}`)
    this.#count++
    ledger.acknowledged(name, state, state === undefined ? undefined : body)
  }
}

const CUT = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE']

/** Whether the connection broke: then the write happened, or did not. */
function isCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return (code !== undefined && CUT.includes(code)) || /cut|socket|hang up/.test(error.message)
}
