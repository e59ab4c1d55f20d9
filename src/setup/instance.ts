// An instance of ccs: its identity, its directories and the one file every command finds it by.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { defaultPorts, type Ports } from '#base/ports.ts'
import { SetupError } from './setup-error.ts'

export const DEFAULT_DATA_DIR = '/var/lib/ccs'

/** What `DATA/instance.json` holds. */
export interface InstanceFile {
  /** Version of ccs that wrote the file. */
  version: string
  id: string
  ports: Ports
  createdAt: string
  /** An address of this computer on which API, registry and host ports answer too. */
  listen?: string
  /** A purge began. What is left of the instance is of no use, and the purge must be gone through again. */
  isPurged?: true
}

/** `DATA/instance.json` is there and cannot be used. */
export class DamagedInstanceError extends SetupError {
  override readonly name = 'DamagedInstanceError'
}

/** Where an instance keeps its things; see "Places on disk" in docs/ARCHITECTURE.md. */
export interface InstancePaths {
  id: string
  dataDir: string
  runDir: string
  instanceFile: string
  kubeconfig: string
  pki: string
  credentials: string
  engine: string
  /** Where the engine listens to commands about its own files. */
  engineSocket: string
  registry: string
  edge: string
  clusters: string
  logs: string
  /** A log for each cluster that is used. */
  auditLogs: string
  /** The operator's; there is a default without it. */
  auditPolicy: string
  /** Whose tokens count beside those of the clusters; need not be there. */
  authentication: string
}

/** Name of a cluster's context in the instance's kubeconfig; the hub's is that of "hub". */
export const contextName = (cluster: string): string => `ccs-${cluster}`

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const ID_LENGTH = 6

/** The instance id of a data directory: stable, and short enough for the name of a network link. */
export function instanceId(realDataDir: string): string {
  const digest = createHash('sha256').update(realDataDir).digest()
  let bits = 0n
  for (const byte of digest.subarray(0, 8)) bits = (bits << 8n) | BigInt(byte)
  let id = ''
  for (let i = 0; i < ID_LENGTH; i++) id += BASE32[Number((bits >> BigInt(59 - 5 * i)) & 31n)]
  return id
}

export function instancePaths(dataDir: string): InstancePaths {
  const id = instanceId(dataDir)
  const inData = (...parts: string[]) => path.join(dataDir, ...parts)
  return {
    id,
    dataDir,
    runDir: `/run/ccs/${id}`,
    instanceFile: inData('instance.json'),
    kubeconfig: inData('kubeconfig'),
    pki: inData('pki'),
    credentials: inData('credentials'),
    engine: inData('engine'),
    engineSocket: `/run/ccs/${id}/engine.sock`,
    registry: inData('registry'),
    edge: inData('edge'),
    clusters: inData('clusters'),
    logs: inData('logs'),
    auditLogs: inData('logs', 'audit'),
    auditPolicy: inData('audit-policy.yaml'),
    authentication: inData('authentication.yaml'),
  }
}

/** Resolves links in the data directory's path; the directory need not be there yet. */
export function resolveDataDir(given: string): string {
  const absolute = path.resolve(given)
  try {
    return realpathSync(absolute)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR' || code === 'ELOOP')
      throw new SetupError(`${given} cannot be a data directory (${(error as Error).message})`, {
        cause: error,
      })
    if (code !== 'ENOENT') throw error
    const parent = path.dirname(absolute)
    return parent === absolute
      ? absolute
      : path.join(resolveDataDir(parent), path.basename(absolute))
  }
}

/** What is wrong with the content of an instance's file; undefined for a good one. */
function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it holds no object'
  const { version, id, ports, createdAt } = value as Record<string, unknown>
  const texts = Object.entries({ version, id, createdAt })
  const noText = texts.find(([, text]) => typeof text !== 'string')
  if (noText !== undefined) return `it has no ${noText[0]}`
  for (const name of Object.keys(defaultPorts)) {
    const port = (ports as Record<string, unknown> | undefined)?.[name]
    if (!Number.isInteger(port)) return `it has no port of ${name}`
  }
  return undefined
}

/**
 * The instance in `dataDir`, or undefined when none was made there. Throws a DamagedInstanceError when its file cannot be
 * used.
 */
export function readInstance(paths: InstancePaths): InstanceFile | undefined {
  let text: string
  try {
    text = readFileSync(paths.instanceFile, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'ENOTDIR')
      throw new SetupError(`${paths.dataDir} is no directory. Name another with --data-dir`, {
        cause: error,
      })
    throw new Error(`cannot read ${paths.instanceFile}`, { cause: error })
  }
  const damaged = (why: string, cause?: unknown) =>
    new DamagedInstanceError(
      `${paths.instanceFile} is damaged: ${why}. Restore it, or remove the instance with ` +
        `'ccs down --purge --data-dir ${paths.dataDir}'`,
      { cause },
    )
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw damaged('it is no JSON', error)
  }
  const fault = faultOf(value)
  if (fault !== undefined) throw damaged(fault)
  return value as InstanceFile
}

export function writeInstance(paths: InstancePaths, file: InstanceFile): void {
  mkdirSync(paths.dataDir, { recursive: true, mode: 0o711 })
  mkdirSync(paths.logs, { recursive: true, mode: 0o750 })
  writeFileAtomic(paths.instanceFile, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o644 })
}
