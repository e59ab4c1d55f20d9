// From "everything is there but stopped" to running: the phases of `ccs up --demo` after `ccs down`.
import { fetchText } from '../e2e/instance.ts'
import { median, row } from './rows.ts'
import type { Step } from './step.ts'

const RUNS = 3

/** Seconds of each phase, by the lines "name  what was seen (0.42 s)". */
export function phaseSeconds(said: string): Map<string, number> {
  const phases = new Map<string, number>()
  for (const line of said.split('\n')) {
    const found = /^(\w+) .*\((\d+\.\d+) s\)$/.exec(line)
    if (found !== null) phases.set(found[1]!, Number(found[2]))
  }
  return phases
}

function sum(phases: Map<string, number>, names: readonly string[]): number {
  return names.reduce((total, name) => {
    const seconds = phases.get(name)
    if (seconds === undefined) throw new Error(`ccs up told of no phase "${name}"`)
    return total + seconds
  }, 0)
}

const TO_API = ['processes', 'api'] as const
const TO_NODES = [...TO_API, 'registry', 'machines'] as const

export const startStep: Step = {
  name: 'start',
  needs: ['root'],
  timeoutMs: 240_000,
  async measure({ live }) {
    const instance = await live()
    const seconds = { api: [] as number[], nodes: [] as number[], demo: [] as number[] }
    for (let i = 0; i < RUNS; i++) {
      await instance.down()
      const begun = performance.now()
      const phases = phaseSeconds(await instance.up())
      await fetchText(instance.url)
      seconds.demo.push((performance.now() - begun) / 1000)
      seconds.api.push(sum(phases, TO_API))
      seconds.nodes.push(sum(phases, TO_NODES))
    }
    return [
      row('startApi', median(seconds.api)),
      row('startNode', median(seconds.nodes)),
      row('demo', median(seconds.demo)),
    ]
  },
}
