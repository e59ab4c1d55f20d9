// Whether the processes of an instance live, and what the supervisor says of those that die.
import { existsSync, readFileSync } from 'node:fs'
import type { InstancePaths } from '../instance.ts'
import {
  findService,
  lastWords,
  logFile,
  PROCESSES,
  type ProcessName,
  SUPERVISOR,
} from '../services.ts'
import { type Check, fail, type Finding, ok, warn } from './check.ts'

/** Deaths that are told of: those of the last hour. */
const RECENT_MS = 3_600_000
/** How much of the supervisor's log is read, from its end. */
const LOG_BYTES = 256 * 1024

export interface ProcessReading {
  name: ProcessName
  isAlive: boolean
  deaths: number
  lastWords: string
}

export function judgeProcesses(readings: readonly ProcessReading[]): Finding[] {
  const findings = readings.flatMap(({ name, isAlive, deaths, lastWords }) => {
    const again = deaths === 0 ? '' : ` and died ${deaths} times within the hour`
    const why = `its last words: ${lastWords}`
    if (!isAlive)
      return [fail(`the ${name} process does not run${again}; ${why}`, "'ccs up' starts it")]
    return deaths > 2
      ? [
          warn(
            `the ${name} process died ${deaths} times within the hour; ${why}`,
            'see its log in DATA/logs',
          ),
        ]
      : []
  })
  return findings.length > 0 ? findings : [ok(readings.map(({ name }) => name).join(', ') + ' run')]
}

/** How often each process died since `sinceMs`, by the supervisor's log. */
export function deathsIn(log: string, sinceMs: number): Map<string, number> {
  const deaths = new Map<string, number>()
  for (const line of log.split('\n')) {
    // The first line may be the end of one that was cut.
    if (!line.startsWith('{') || !line.endsWith('}')) continue
    const { time, died } = JSON.parse(line) as { time: string; died?: string }
    if (died !== undefined && Date.parse(time) >= sinceMs)
      deaths.set(died, (deaths.get(died) ?? 0) + 1)
  }
  return deaths
}

export const processCheck: Check<{ paths: InstancePaths; nowMs: number }> = {
  name: 'processes',
  look({ paths, nowMs }) {
    const file = logFile(paths, SUPERVISOR)
    const log = existsSync(file) ? readFileSync(file, 'utf8').slice(-LOG_BYTES) : ''
    const deaths = deathsIn(log, nowMs - RECENT_MS)
    return judgeProcesses(
      PROCESSES.map((name) => ({
        name,
        isAlive: findService(paths, name) !== undefined,
        deaths: deaths.get(name) ?? 0,
        lastWords: lastWords(paths, name),
      })),
    )
  },
}
