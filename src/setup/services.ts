// The three processes of an instance: started in the background, found again, stopped.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import type { Clock } from '#base/clock.ts'
import { argvOf, identifyProcess, isAlive, type ProcessIdentity } from '#linux/process-identity.ts'
import { terminateProcess } from '#linux/signal-process.ts'
import { startDetached } from '#linux/start-detached.ts'
import type { InstancePaths } from './instance.ts'

/** In the order in which they are started; stopped the other way round. */
export const SERVICES = ['registry', 'engine', 'edge'] as const
export type ServiceName = (typeof SERVICES)[number]
/** The supervisor is started last and stopped first: it starts the others anew. */
export const SUPERVISOR = 'supervisor'
export type ProcessName = ServiceName | typeof SUPERVISOR
/** In the order in which they are started. */
export const PROCESSES: readonly ProcessName[] = [...SERVICES, SUPERVISOR]

/** Node's default of 16 lets garbage lie around that these processes never miss. */
const YOUNG_SEMI_SPACE_MB: Record<ProcessName, number> = {
  registry: 4,
  engine: 4,
  edge: 1,
  supervisor: 1,
}

/**
 * For glibc's malloc (mallopt(3)), whose defaults suit programs that live shortly: an arena for every thread, and memory that
 * is given back only in large pieces. Saves 10 MB of the engine's 149; blocks of sockets (64 KiB) stay below the second.
 */
const MALLOC = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(128 * 1024),
}

/** A log longer than this is put aside at the next start. */
const LOG_BYTES_MAX = 32 * 1024 * 1024

const STOP_GRACE_MS = 10_000
/** Lines of a log's end that are shown when a process died. */
const LOG_TAIL_LINES = 8

const recordFile = (paths: InstancePaths, name: ProcessName) =>
  path.join(paths.runDir, `${name}.json`)

export const logFile = (paths: InstancePaths, name: ProcessName) =>
  path.join(paths.logs, `${name}.log`)

function isService(pid: number, paths: InstancePaths, name: ProcessName): boolean {
  const argv = argvOf(pid)
  return argv.includes(paths.dataDir) && argv.some((word) => word.endsWith(`/src/main/${name}.ts`))
}

function readRecord(paths: InstancePaths, name: ProcessName): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(paths, name), 'utf8')) as ProcessIdentity
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function writeRecord(paths: InstancePaths, name: ProcessName, identity: ProcessIdentity): void {
  writeFileAtomic(recordFile(paths, name), JSON.stringify(identity))
}

/**
 * The running process, or undefined. The record is the quick way; who started it may have died before writing
 * that, so without one all processes are looked through.
 */
export function findService(paths: InstancePaths, name: ProcessName): ProcessIdentity | undefined {
  const identity = readRecord(paths, name)
  if (identity !== undefined && isAlive(identity) && isService(identity.pid, paths, name))
    return identity
  const pid = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((candidate) => isService(candidate, paths, name))
  return pid === undefined ? undefined : identifyProcess(pid)
}

/** Whether a process that does not run was stopped, and did not die by itself. */
export const wasStopped = (paths: InstancePaths, name: ProcessName): boolean =>
  !existsSync(recordFile(paths, name))

/** Whether a process died by itself: who stops one removes its record first. */
export function isRecordedDead(paths: InstancePaths, name: ProcessName): boolean {
  const identity = readRecord(paths, name)
  return identity !== undefined && !(isAlive(identity) && isService(identity.pid, paths, name))
}

/** Keeps one older log, so that the logs of an instance do not grow with its age. */
function rotateLog(file: string): void {
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`)
}

/** How a process is run, by us or by systemd. */
export function processCommand(
  paths: InstancePaths,
  name: ProcessName,
  root: string,
): { argv: string[]; env: Record<string, string> } {
  return {
    argv: [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      `--max-semi-space-size=${YOUNG_SEMI_SPACE_MB[name]}`,
      path.join(root, 'src', 'main', `${name}.ts`),
      paths.dataDir,
    ],
    // Beside what the launcher keeps there: see `ccs`.
    env: { NODE_COMPILE_CACHE: path.join(root, '.cache', 'compile'), ...MALLOC },
  }
}

/** Starts a process unless it runs; says whether it did. */
export async function ensureService(
  paths: InstancePaths,
  name: ProcessName,
  root: string,
): Promise<'started' | 'running'> {
  const running = findService(paths, name)
  mkdirSync(paths.runDir, { recursive: true, mode: 0o711 })
  if (running !== undefined) {
    // Who started it may not have lived to write that.
    if (readRecord(paths, name)?.pid !== running.pid) writeRecord(paths, name, running)
    return 'running'
  }
  mkdirSync(paths.logs, { recursive: true, mode: 0o750 })
  rotateLog(logFile(paths, name))
  const { argv, env } = processCommand(paths, name, root)
  const identity = await startDetached({ argv, stdoutFile: logFile(paths, name), env })
  writeRecord(paths, name, identity)
  return 'started'
}

export async function stopService(
  paths: InstancePaths,
  name: ProcessName,
  clock: Clock,
): Promise<'stopped' | 'not running'> {
  const identity = findService(paths, name)
  // First, so that who sees it gone sees why.
  rmSync(recordFile(paths, name), { force: true })
  if (identity !== undefined) await terminateProcess(identity, { graceMs: STOP_GRACE_MS, clock })
  return identity === undefined ? 'not running' : 'stopped'
}

/** The last lines of a process's log, for a message about its death. */
export function logTail(paths: InstancePaths, name: ProcessName): string {
  const file = logFile(paths, name)
  if (!existsSync(file)) return '(no log)'
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
}

/** The last thing a process said, in a few words; a line that is none of ours as it stands. */
export function lastWords(paths: InstancePaths, name: ProcessName): string {
  const line = logTail(paths, name).split('\n').at(-1) ?? ''
  try {
    const { message, error } = JSON.parse(line) as {
      message?: string
      error?: { message?: string }
    }
    return [message, error?.message].filter((part) => part !== undefined).join(': ')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return line
  }
}
