// A process is known by its pid and its start time: pids are used again.
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  pid: number
  /** Clock ticks after boot: field 22 of /proc/<pid>/stat. */
  startTime: string
}

interface ProcessStat {
  state: string
  startTime: string
}

/** Reads what follows the name, which may itself hold spaces and parentheses. */
export function parseProcessStat(stat: string): ProcessStat {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  const startTime = fields[19]
  if (state === undefined || startTime === undefined)
    throw new Error(`unreadable process stat: ${stat}`)
  return { state, startTime }
}

/** A file of /proc/<pid>, or undefined when the process is gone. */
export function readProcessFile(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}

/** The process that has this pid now; a zombie, which only waits for its parent, is none. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const stat = readProcessFile(pid, 'stat')
  if (stat === undefined) return undefined
  const { state, startTime } = parseProcessStat(stat)
  return state === 'Z' || state === 'X' ? undefined : { pid, startTime }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTime === identity.startTime
}

/** The command line of a process; empty for a process that is gone. */
export function argvOf(pid: number): string[] {
  return readProcessFile(pid, 'cmdline')?.split('\0').slice(0, -1) ?? []
}
