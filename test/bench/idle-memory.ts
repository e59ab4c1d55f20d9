// Memory of what runs when nothing happens.
import { setTimeout as sleep } from 'node:timers/promises'
import { row } from './rows.ts'
import type { Step } from './step.ts'

const QUIET_MS = 10_000

export const memoryStep: Step = {
  name: 'memory',
  needs: ['root'],
  timeoutMs: 60_000,
  async measure({ live, note }) {
    const instance = await live()
    await sleep(QUIET_MS)
    const [engine, edge] = [
      instance.residentMegabytes('engine'),
      instance.residentMegabytes('edge'),
    ]
    note(`memory: engine ${engine.toFixed(0)} MB, edge ${edge.toFixed(0)} MB`)
    return [row('memory', engine + edge)]
  },
}
