// Runs many seeds, side by side in threads; each run is what it would be alone.
import { Worker } from 'node:worker_threads'
import type { SimulationOptions, SimulationResult } from './simulation.ts'

export interface RunManyOptions {
  seeds: readonly number[]
  /** Threads; each has a core to itself at best. */
  jobs: number
  simulation: Omit<SimulationOptions, 'seed' | 'write' | 'plant'>
  /** Hears each result as it comes, in any order; false ends it all. */
  onResult: (result: SimulationResult) => boolean
}

export async function runMany(options: RunManyOptions): Promise<void> {
  const left = [...options.seeds]
  const threads = Math.min(options.jobs, left.length)
  await Promise.all(Array.from({ length: threads }, () => workThrough(left, options)))
}

/** One seed after the other until none is left, each in a thread of its own: what a run holds goes with it. */
async function workThrough(left: number[], options: RunManyOptions): Promise<void> {
  for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
    const worker = new Worker(new URL('./run-worker.ts', import.meta.url), {
      workerData: options.simulation,
    })
    try {
      const result = await resultOf(worker, seed)
      if (!options.onResult(result)) left.length = 0
    } finally {
      await worker.terminate()
    }
  }
}

function resultOf(worker: Worker, seed: number): Promise<SimulationResult> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => reject(new Error(`seed ${seed} broke its thread`, { cause }))
    worker.once('error', failed)
    worker.once('message', (result: SimulationResult) => {
      worker.off('error', failed)
      resolve(result)
    })
    worker.postMessage(seed)
  })
}
