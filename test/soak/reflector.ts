// Keeps a copy of a list as client-go's reflector does (k8s.io/client-go/tools/cache): list in pages from the cache's
// version, watch from there with bookmarks, go on from the last version seen after a cut, list anew after 410. Or, as
// its WatchList, take the list itself from the watch.
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiClient, type Json, StatusAnswer } from './api-client.ts'

const RETRY_MS = 50
const PAGE = 500
const GONE = 410

export interface ReflectorOptions {
  client: ApiClient
  /** Path of the list. */
  path: string
  /** Begin with `sendInitialEvents` in place of a list. */
  watchList?: boolean
  /** Called for each event, in order; what it throws ends the reflector. */
  onEvent?: (type: string, object: Json) => void
  /** Called when the copy was made anew, with the version of the list. */
  onList?: (version: number) => void
}

class Gone extends Error {}

export class Reflector {
  readonly objects = new Map<string, Json>()
  /** How often it listed, resumed a watch, and was told that its version is gone. */
  readonly counts = { lists: 0, watches: 0, gone: 0, events: 0 }
  readonly #options: ReflectorOptions
  readonly #abort = new AbortController()
  #version: string | undefined
  #running: Promise<void> | undefined
  #failure: Error | undefined

  constructor(options: ReflectorOptions) {
    this.#options = options
  }

  get version(): number {
    return Number(this.#version ?? 0)
  }

  start(): void {
    this.#running = this.#run().catch((error: Error) => void (this.#failure = error))
  }

  /** Throws what went wrong meanwhile. */
  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#running
    this.check()
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        if (this.#version === undefined && this.#options.watchList !== true) await this.#list()
        await this.#watch()
      } catch (error) {
        if (error instanceof Gone) {
          this.counts.gone++
          this.#version = undefined
        } else if (error instanceof Wrong) throw error
      }
      if (!this.#abort.signal.aborted) await sleep(RETRY_MS)
    }
  }

  async #list(): Promise<void> {
    const found: Json[] = []
    let next: string | undefined = ''
    let version = ''
    while (next !== undefined) {
      const query: string = `?limit=${PAGE}${next === '' ? '' : `&continue=${next}`}`
      const { status, body } = await this.#options.client.ask('GET', this.#options.path + query)
      if (status === GONE) throw new Gone(JSON.stringify(body))
      if (status !== 200) throw new StatusAnswer(status, JSON.stringify(body))
      found.push(...body.items)
      version = body.metadata.resourceVersion
      next = body.metadata.continue || undefined
    }
    this.#replace(found, version)
    this.counts.lists++
  }

  #replace(found: readonly Json[], version: string): void {
    this.objects.clear()
    for (const object of found) this.objects.set(object.metadata.name, object)
    this.#version = version
    this.#options.onList?.(Number(version))
  }

  async #watch(): Promise<void> {
    const { client, path } = this.#options
    this.counts.watches++
    const initial: Json[] | undefined = this.#version === undefined ? [] : undefined
    const from =
      initial === undefined
        ? `resourceVersion=${this.#version}`
        : 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
    const query = `?watch=1&allowWatchBookmarks=true&timeoutSeconds=300&${from}`
    let pending = initial
    let problem: Error | undefined
    const attempt = new AbortController()
    const signal = AbortSignal.any([this.#abort.signal, attempt.signal])
    const onLine = (event: Json) => {
      if (problem !== undefined) return
      try {
        pending = this.#take(event, pending)
      } catch (error) {
        problem = error as Error
        attempt.abort()
      }
    }
    try {
      await client.stream(path + query, onLine, signal)
    } catch (error) {
      if (error instanceof StatusAnswer && error.status === GONE) throw new Gone(error.message)
      throw error
    }
    if (problem !== undefined) throw problem
  }

  /** Takes an event in; gives what is collected of an initial list that is not complete yet. */
  #take({ type, object }: Json, initial: Json[] | undefined): Json[] | undefined {
    if (type === 'ERROR') {
      if (object.code === GONE) throw new Gone(object.message)
      throw new Wrong(`the watch says ${JSON.stringify(object)}`)
    }
    const version: string = object.metadata.resourceVersion
    if (type === 'BOOKMARK') {
      const isEnd = object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true'
      if (initial !== undefined && isEnd) {
        this.#replace(initial, version)
        this.counts.lists++
        return undefined
      }
      if (initial === undefined) this.#advance(type, version)
      return initial
    }
    if (initial !== undefined) {
      // Of a list: in the order of names, not of versions.
      initial.push(object)
      return initial
    }
    this.#advance(type, version)
    this.#apply(type, object)
    return undefined
  }

  #advance(type: string, version: string): void {
    const isOlder = Number(version) < this.version
    const isSame = Number(version) === this.version && type !== 'BOOKMARK'
    if (isOlder || isSame) throw new Wrong(`${type} of ${version} came after ${this.#version}`)
    this.#version = version
  }

  #apply(type: string, object: Json): void {
    const { name } = object.metadata
    const isThere = this.objects.has(name)
    if (type === 'ADDED' ? isThere : !isThere)
      throw new Wrong(`${type} of ${name}, which is ${isThere ? '' : 'not '}there`)
    if (type === 'DELETED') this.objects.delete(name)
    else this.objects.set(name, object)
    this.counts.events++
    this.#options.onEvent?.(type, object)
  }
}

/** What no server may do. */
export class Wrong extends Error {}
