// What a process is told from outside, read and checked once.
import { type LogLevel } from '#base/log.ts'
import {
  type InstanceFile,
  instancePaths,
  type InstancePaths,
  readInstance,
  resolveDataDir,
} from '#setup/instance.ts'

export interface ProcessConfig {
  paths: InstancePaths
  instance: InstanceFile
  logLevel: LogLevel
}

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error']

/** `node <process>.ts DATA_DIR`, and CCS_LOG_LEVEL from the environment. */
export function readConfig(
  argv: readonly string[] = process.argv,
  env: NodeJS.ProcessEnv = process.env,
): ProcessConfig {
  const dataDir = argv[2]
  if (dataDir === undefined) throw new Error(`usage: ${argv[1] ?? 'process'} DATA_DIR`)
  const paths = instancePaths(resolveDataDir(dataDir))
  const instance = readInstance(paths)
  if (instance === undefined) throw new Error(`there is no instance in ${dataDir}; run 'ccs up'`)
  const level = env['CCS_LOG_LEVEL'] ?? 'info'
  if (!LEVELS.includes(level))
    throw new Error(`CCS_LOG_LEVEL is one of ${LEVELS.join(', ')}, not "${level}"`)
  return { paths, instance, logLevel: level as LogLevel }
}
