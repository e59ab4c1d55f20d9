// The store alone: writers in a process of their own, which is killed or whose disk loses power.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { text } from '#storage/store.suite.ts'
import { openFile } from '../integration/storage/scratch-store.ts'
import type { Acknowledged } from '../integration/storage/write-until-killed.ts'
import type { PowerDisk } from './power-disk.ts'

const program = new URL('../integration/storage/write-until-killed.ts', import.meta.url)

/** What the store has promised so far. */
export class Promises {
  readonly #values = new Map<string, Acknowledged>()
  readonly #revisions = new Map<number, string>()

  get count(): number {
    return this.#revisions.size
  }

  add(batch: readonly Acknowledged[]): void {
    for (const write of batch) {
      const other = this.#revisions.get(write.revision)
      assert.equal(other, undefined, `revision ${write.revision} was given to ${other} too`)
      this.#revisions.set(write.revision, write.key)
      this.#values.set(write.key, write)
    }
  }

  /** What is promised now; what comes later is not held against a disk that lost power now. */
  freeze(): Acknowledged[] {
    return [...this.#values.values()]
  }
}

/** All that was promised is there, and the next revision is a new one. */
export async function checkStore(file: string, promised: readonly Acknowledged[]): Promise<void> {
  const store = await openFile(file)
  for (const { key, revision, value } of promised) {
    assert.ok(
      store.revision >= revision,
      `the store goes on from ${store.revision}, not ${revision}`,
    )
    const entry = store.get(key)
    assert.ok(entry !== undefined && entry.revision >= revision, `${key} lost its ${value}`)
    if (entry.revision === revision) assert.equal(text(entry.value), value)
  }
  await store.close()
}

export class StoreWriters {
  readonly promises: Promises
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown[]>
  #broken: Error | undefined

  private constructor(child: ChildProcess, promises: Promises) {
    this.#child = child
    this.promises = promises
    this.#exited = once(child, 'exit')
    child.on('message', (batch: Acknowledged[]) => {
      try {
        promises.add(batch)
      } catch (error) {
        this.#broken ??= error as Error
      }
    })
  }

  /** Resolves when the first write was acknowledged. */
  static async start(file: string, name: string, promises: Promises): Promise<StoreWriters> {
    const child = fork(program, [file, name], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const writers = new StoreWriters(child, promises)
    await Promise.race([once(child, 'message'), writers.#exited])
    return writers
  }

  check(): void {
    if (this.#broken !== undefined) throw this.#broken
    assert.ok(this.#child.exitCode === null, 'the writers ended by themselves')
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    const [code, signal] = await this.#exited
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGKILL' })
    if (this.#broken !== undefined) throw this.#broken
  }
}

export interface Rounds {
  times: number
  /** Milliseconds from one blow to the next. */
  waitMs: () => number
  /** Called after each. */
  done: () => void
}

export async function killStore(directory: string, { times, waitMs, done }: Rounds): Promise<void> {
  const file = path.join(directory, 'killed.db')
  const promises = new Promises()
  for (let round = 0; round < times; round++) {
    const writers = await StoreWriters.start(file, `kill ${round}`, promises)
    await sleep(waitMs())
    await writers.kill()
    await checkStore(file, promises.freeze())
    done()
  }
}

export async function cutStore(disk: PowerDisk, { times, waitMs, done }: Rounds): Promise<void> {
  const name = 'cut.db'
  const writers = await StoreWriters.start(path.join(disk.place, name), 'cut', new Promises())
  try {
    for (let round = 0; round < times; round++) {
      await sleep(waitMs())
      writers.check()
      const promised = writers.promises.freeze()
      await disk.cut((place) => checkStore(path.join(place, name), promised))
      done()
    }
  } finally {
    await writers.kill()
  }
}
