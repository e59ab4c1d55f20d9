// What a logical cluster costs that nobody uses, with thousands of them in one process.
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { PlainProcess } from './plain-process.ts'
import { row } from './rows.ts'
import type { Step } from './step.ts'

const CLUSTERS = 2_000

/** Started on files that are there; the first start, which makes them, is not what a restart costs. */
async function started(directory: string, clusters: number) {
  const server = await PlainProcess.start(directory, { clusters })
  const figures = {
    startMs: server.startMs,
    megabytes: server.residentMegabytes(),
    threads: server.threads(),
  }
  await server.stop()
  return figures
}

export const clustersStep: Step = {
  name: 'clusters',
  timeoutMs: 900_000,
  async measure({ directory: parent }) {
    const directory = await mkdtemp(path.join(parent, 'ccs-bench-clusters-'))
    try {
      await started(directory, CLUSTERS)
      const one = await started(directory, 0)
      const all = await started(directory, CLUSTERS)
      return [
        row('clusterMemory', (all.megabytes - one.megabytes) / CLUSTERS),
        row('clusterStart', (all.startMs - one.startMs) / CLUSTERS),
        row('clusterThreads', all.threads),
      ]
    } finally {
      await rm(directory, { recursive: true })
    }
  },
}
