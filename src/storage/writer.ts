// The committer on a SQLite file: tells the writer thread what to do.
import { Worker } from 'node:worker_threads'
import type { Committer, Write } from './committer.ts'
import { packBatch } from './packed-batch.ts'
import type { WriterData, WriterReply, WriterRequest, WriterTask } from './writer-messages.ts'

type Waiting = Pick<PromiseWithResolvers<boolean>, 'promise' | 'resolve' | 'reject'>

const YOUNG_GENERATION_MB = 2

/** Starts the thread that will own the file. */
export function startWriterThread(data: WriterData): Worker {
  return new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData: data,
    // Its batches are buffers outside the heap: a large heap of its own would lie idle.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  })
}

export interface WriterOptions {
  /** What `startWriterThread` gave. */
  worker: Worker
  /** The thread died: its commits are lost or not, nobody knows. Nothing can be written any more. */
  onLost: (error: Error) => void
}

export class Writer implements Committer {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #onLost: (error: Error) => void
  #nextId = 1
  #state: 'open' | 'closing' | { lost: Error } = 'open'

  private constructor({ worker, onLost }: WriterOptions) {
    this.#onLost = onLost
    this.#worker = worker
    this.#worker.on('message', (reply: WriterReply) => this.#settle(reply))
    this.#worker.on('error', (error: Error) => this.#lose(error))
    this.#worker.on('exit', (code) => this.#lose(new Error(`the thread ended with code ${code}`)))
  }

  static async start(options: WriterOptions): Promise<Writer> {
    const writer = new Writer(options)
    try {
      await writer.#ask({ type: 'open' })
    } catch (error) {
      writer.#state = 'closing'
      await writer.#worker.terminate()
      throw error
    }
    return writer
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const batch = packBatch(writes)
    await this.#ask({ type: 'commit', batch }, [batch.bytes.buffer])
  }

  async compact(revision: number): Promise<void> {
    while (await this.#ask({ type: 'compact', revision }));
  }

  async backup(path: string): Promise<void> {
    await this.#ask({ type: 'backup', path })
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise))
    await this.#send({ type: 'close' })
    await this.#worker.terminate()
  }

  #ask(task: WriterTask, transfer: ArrayBuffer[] = []): Promise<boolean> {
    if (this.#state === 'open') return this.#send(task, transfer)
    const why = this.#state === 'closing' ? new Error('the store is closed') : this.#state.lost
    return Promise.reject(why)
  }

  #send(task: WriterTask, transfer: ArrayBuffer[] = []): Promise<boolean> {
    const request: WriterRequest = { id: this.#nextId++, task }
    const waiting = Promise.withResolvers<boolean>()
    this.#waiting.set(request.id, waiting)
    this.#worker.postMessage(request, transfer)
    return waiting.promise
  }

  #settle(reply: WriterReply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined)
      throw new Error(`the writer answered ${reply.id}, which nobody asked`)
    this.#waiting.delete(reply.id)
    if (reply.ok) waiting.resolve(reply.more)
    else waiting.reject(reply.error)
  }

  #lose(cause: Error): void {
    if (typeof this.#state === 'object') return
    const lost = new Error('the thread that writes the store died; restart to go on', { cause })
    const wasOpen = this.#state === 'open'
    this.#state = { lost }
    for (const { reject } of this.#waiting.values()) reject(lost)
    this.#waiting.clear()
    if (wasOpen) this.#onLost(lost)
  }
}
