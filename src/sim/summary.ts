// What came of all runs, as a table to read.
import { allFaults, type Fault } from './faults.ts'
import type { SimulationResult } from './simulation.ts'

const HOUR_MS = 3_600_000

export function summary(results: readonly SimulationResult[]): string {
  const sum = (of: (result: SimulationResult) => number) =>
    results.reduce((total, result) => total + of(result), 0)
  const failed = results.filter(({ problem }) => problem !== undefined).map(({ seed }) => seed)
  const rows: [string, string | number][] = [
    ['seeds', results.length],
    ['simulated hours', Math.round(sum(({ simulatedMs }) => simulatedMs / HOUR_MS))],
    ['writes', sum(({ writes }) => writes)],
    ['slowest to settle', `${Math.max(...results.map((r) => r.settledAfterSeconds ?? 0))} s`],
    ['faults', sum(({ faults }) => Object.values(faults).reduce((a, b) => a + b, 0))],
    ...allFaults.map((fault: Fault): [string, number] => [
      `  ${fault}`,
      sum(({ faults }) => faults[fault] ?? 0),
    ]),
    [
      'checkers',
      failed.length === 0 ? 'none spoke' : `spoke of ${failed.length}: ${failed.join(', ')}`,
    ],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}
