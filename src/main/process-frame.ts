// What the processes have in common: a log, an orderly end, and no silent death.
import { flushCompileCache } from 'node:module'
import { lineLogger, type Logger } from '#base/log.ts'
import { type ProcessConfig, readConfig } from './config.ts'

/** Stops what was started, in the order it is called for. */
export type Stop = () => Promise<void>

const STOP_DEADLINE_MS = 8_000

/**
 * Runs one process: `start` returns how to stop it. SIGTERM and SIGINT stop it in order; an error that nobody
 * caught ends it at once, because its state is no longer known and the next start repairs it.
 */
export async function runProcess(
  name: string,
  start: (config: ProcessConfig, log: Logger) => Promise<Stop>,
  { stopDeadlineMs = STOP_DEADLINE_MS }: { stopDeadlineMs?: number } = {},
): Promise<void> {
  const config = readConfig()
  const log = lineLogger({
    write: (line) => void process.stdout.write(line),
    now: () => Date.now(),
    level: config.logLevel,
    fields: { process: name },
  })
  process.on('uncaughtException', (error) => {
    log.error('died of an error nobody caught', { error })
    process.exit(70)
  })
  let stop: Stop | undefined
  let stopping = false
  const end = (signal: string) => {
    if (stopping) return
    stopping = true
    log.info('stopping', { signal })
    setTimeout(() => {
      log.warn('did not stop in time', { deadlineMs: stopDeadlineMs })
      process.exit(0)
    }, stopDeadlineMs).unref()
    void (stop?.() ?? Promise.resolve()).then(
      () => process.exit(0),
      (error) => {
        log.error('stopping failed', { error })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', () => end('SIGTERM'))
  process.on('SIGINT', () => end('SIGINT'))
  log.info('starting', { pid: process.pid, version: config.instance.version })
  stop = await start(config, log)
  // Now and not at the end: a killed process would leave the next one to compile all again.
  flushCompileCache()
  log.info('started')
}
