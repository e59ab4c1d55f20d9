// The threads that write for all stores of a process: a few, however many stores there are.
import { Worker } from 'node:worker_threads'
import { DatabaseError } from '#base/sqlite.ts'
import { storageLimits } from './limits.ts'
import type { WriterAnswers, WriterReply, WriterRequest, WriterTask } from './writer-messages.ts'

type Waiting = Pick<PromiseWithResolvers<unknown>, 'resolve' | 'reject'>

const YOUNG_GENERATION_MB = 2

/** Starts a thread that owns files. */
export function startWriterThread(): Worker {
  return new Worker(new URL('./writer-thread.ts', import.meta.url), {
    // Its batches are buffers outside the heap: a large heap of its own would lie idle.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  })
}

/** One file's end of a thread. */
export interface WriterSeat {
  /** Rejects with what the thread says is wrong, or when it died. */
  ask<T extends WriterTask>(task: T, transfer?: ArrayBuffer[]): Promise<WriterAnswers[T['type']]>
  /** The file is closed; the thread ends with the last one. */
  leave(): Promise<void>
}

export class WriterPool {
  readonly #threads: WriterThread[] = []
  readonly #threadsMax: number
  readonly #start: () => Worker

  constructor(
    options: {
      threads?: number
      /** For tests: another program in the thread's place. */
      start?: () => Worker
    } = {},
  ) {
    this.#threadsMax = options.threads ?? storageLimits.writerThreadsMax
    this.#start = options.start ?? startWriterThread
  }

  /** A seat at the thread with the fewest files. `onLost` is called when that thread died. */
  take(onLost: (error: Error) => void): WriterSeat {
    let thread = this.#threads.toSorted((a, b) => a.files - b.files)[0]
    if (thread === undefined || (thread.files > 0 && this.#threads.length < this.#threadsMax)) {
      const begun: WriterThread = new WriterThread(this.#start(), () =>
        this.#threads.splice(this.#threads.indexOf(begun), 1),
      )
      this.#threads.push(begun)
      thread = begun
    }
    return thread.take(onLost)
  }
}

class WriterThread {
  readonly #worker: Worker
  readonly #ended: () => void
  readonly #waiting = new Map<number, Waiting>()
  readonly #seats = new Map<number, (error: Error) => void>()
  #nextId = 1
  #nextFile = 1
  #over: Error | undefined

  constructor(worker: Worker, ended: () => void) {
    this.#worker = worker
    this.#ended = ended
    worker.on('message', (reply: WriterReply) => this.#settle(reply))
    worker.on('error', (error: Error) => this.#lose(error))
    worker.on('exit', (code) => this.#lose(new Error(`the thread ended with code ${code}`)))
  }

  get files(): number {
    return this.#seats.size
  }

  take(onLost: (error: Error) => void): WriterSeat {
    const file = this.#nextFile++
    this.#seats.set(file, onLost)
    return {
      ask: (task, transfer) => this.#ask({ file, task }, transfer) as Promise<never>,
      leave: () => this.#leave(file),
    }
  }

  #ask(request: Omit<WriterRequest, 'id'>, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, { resolve, reject })
    this.#worker.postMessage({ id, ...request } satisfies WriterRequest, transfer)
    return promise
  }

  async #leave(file: number): Promise<void> {
    this.#seats.delete(file)
    if (this.#seats.size > 0 || this.#over !== undefined) return
    this.#over = new Error('the thread has ended')
    this.#ended()
    await this.#worker.terminate()
  }

  #settle(reply: WriterReply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined)
      throw new Error(`the writer answered ${reply.id}, which nobody asked`)
    this.#waiting.delete(reply.id)
    if (reply.ok) return waiting.resolve(reply.answer)
    const { message, problem } = reply.failure
    waiting.reject(problem === undefined ? new Error(message) : new DatabaseError(problem, message))
  }

  #lose(cause: Error): void {
    if (this.#over !== undefined) return
    const lost = new Error('the thread that writes the store died; restart to go on', { cause })
    this.#over = lost
    this.#ended()
    for (const { reject } of this.#waiting.values()) reject(lost)
    this.#waiting.clear()
    const told = [...this.#seats.values()]
    this.#seats.clear()
    for (const onLost of told) onLost(lost)
  }
}
