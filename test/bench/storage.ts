// How many durable commits the store makes, beside what the disk below it can do.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLogger } from '#base/log.ts'
import { openStore } from '#storage/open-store.ts'
import type { Store } from '#storage/types.ts'

export interface CommitFigures {
  writers: number
  commitsPerSecond: number
  medianMs: number
  p99Ms: number
}

export interface StorageFigures {
  /** 4 KiB written and synced, one after the other: the floor below every commit. */
  syncsPerSecond: number
  /** Creates of 1 KB values. */
  commits: CommitFigures[]
  /** Time to open a store of `entries` values of 1 KB. */
  open: { entries: number; ms: number }
}

export interface StorageBenchOptions {
  /** Where to write; the system's temporary directory unless given. */
  directory?: string
  secondsEach?: number
}

const valueBytes = 1000
const writerCounts = [1, 50]

export async function benchStorage(options: StorageBenchOptions = {}): Promise<StorageFigures> {
  const directory = await mkdtemp(path.join(options.directory ?? tmpdir(), 'ccs-bench-'))
  const forMs = (options.secondsEach ?? 2) * 1000
  const file = path.join(directory, 'store.db')
  try {
    const syncsPerSecond = countSyncs(path.join(directory, 'syncs'), forMs / 2)
    const store = await open(file)
    const commits: CommitFigures[] = []
    for (const writers of writerCounts) commits.push(await countCommits(store, writers, forMs))
    const entries = store.count('')
    await store.close()
    const start = performance.now()
    await (await open(file)).close()
    return { syncsPerSecond, commits, open: { entries, ms: performance.now() - start } }
  } finally {
    await rm(directory, { recursive: true })
  }
}

function open(file: string): Promise<Store> {
  return openStore({
    path: file,
    log: silentLogger,
    onLost: (error) => {
      throw error
    },
  })
}

function countSyncs(file: string, forMs: number): number {
  const block = new Uint8Array(4096).fill(1)
  const handle = openSync(file, 'w')
  const start = performance.now()
  let count = 0
  while (performance.now() - start < forMs) {
    // In place, as SQLite's log is after its first checkpoint.
    writeSync(handle, block, 0, block.length, 4096 * (count++ % 256))
    fsyncSync(handle)
  }
  closeSync(handle)
  return (count * 1000) / (performance.now() - start)
}

async function countCommits(store: Store, writers: number, forMs: number): Promise<CommitFigures> {
  const value = new Uint8Array(valueBytes).fill(120)
  const times: number[] = []
  const start = performance.now()
  const writer = async (number: number): Promise<void> => {
    for (let i = 0; performance.now() - start < forMs; i++) {
      const began = performance.now()
      const key = `${writers}/${number}/${i}`
      const result = await store.commit([{ key, expect: 0, value: () => value.slice() }])
      if (!result.ok) throw new Error(`${key} was there already`)
      times.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, number) => writer(number)))
  const elapsedMs = performance.now() - start
  times.sort((a, b) => a - b)
  return {
    writers,
    commitsPerSecond: (times.length * 1000) / elapsedMs,
    medianMs: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
