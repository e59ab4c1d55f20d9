// What must be so before `ccs up` begins; each problem names its culprit and the command that mends it.
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { freemem } from 'node:os'
import { run } from '#linux/run.ts'
import type { Problem } from './problem.ts'

export interface PreflightOptions {
  dataDir: string
}

/** Below these, ccs would start and then fail in ways that are hard to read. */
const MEMORY_FREE_BYTES_MIN = 512 * 1024 * 1024
const DISK_FREE_BYTES_MIN = 1024 * 1024 * 1024
const COMMAND_TIMEOUT_MS = 10_000

type Check = (options: PreflightOptions) => Promise<Problem | Problem[] | undefined>

const CHECKS: readonly Check[] = [
  checkOverlay,
  checkNftables,
  checkNamespaces,
  checkCgroups,
  checkMemory,
  checkDisk,
]

/** Runs every check; an empty list means that `up` may begin. */
export async function preflight(options: PreflightOptions): Promise<Problem[]> {
  const found: Problem[] = []
  for (const check of CHECKS) found.push(...[(await check(options)) ?? []].flat())
  return found
}

async function fails(argv: string[]): Promise<string | undefined> {
  try {
    await run(argv, { timeoutMs: COMMAND_TIMEOUT_MS })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const knowsOverlay = () => /\boverlay\b/.test(readFileSync('/proc/filesystems', 'utf8'))

async function checkOverlay(): Promise<Problem | undefined> {
  if (knowsOverlay()) return undefined
  const why = await fails(['modprobe', 'overlay'])
  if (knowsOverlay()) return undefined
  return {
    what: `the kernel has no overlay file system${why === undefined ? '' : ` (${why})`}`,
    mend: 'modprobe overlay, or boot a kernel with CONFIG_OVERLAY_FS',
  }
}

async function checkNftables(): Promise<Problem | undefined> {
  const why = await fails(['nft', 'list', 'tables'])
  if (why === undefined) return undefined
  return {
    what: `nftables does not work: ${why}`,
    mend: 'modprobe nf_tables, or boot a kernel with CONFIG_NF_TABLES',
  }
}

async function checkNamespaces(): Promise<Problem | undefined> {
  if (existsSync('/proc/self/ns/net')) return undefined
  return {
    what: 'the kernel has no network namespaces',
    mend: 'boot a kernel with CONFIG_NET_NS',
  }
}

async function checkCgroups(): Promise<Problem | undefined> {
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8')
  if (/ - cgroup2? /.test(mounted)) return undefined
  return {
    what: 'no cgroup file system is mounted',
    mend: 'mount -t cgroup2 none /sys/fs/cgroup',
  }
}

async function checkMemory(): Promise<Problem | undefined> {
  const free = freemem()
  if (free >= MEMORY_FREE_BYTES_MIN) return undefined
  const mib = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MiB`
  return {
    what: `only ${mib(free)} of memory are free; ccs and a service need ${mib(MEMORY_FREE_BYTES_MIN)}`,
    mend: "stop what uses the memory: 'ps aux --sort=-rss | head' shows it",
  }
}

/** The nearest directory that exists: the data directory may have to be made yet. */
function existingParent(directory: string): string {
  return existsSync(directory) ? directory : existingParent(path.dirname(directory))
}

async function checkDisk({ dataDir }: PreflightOptions): Promise<Problem | undefined> {
  const { bavail, bsize } = statfsSync(existingParent(dataDir))
  const free = bavail * bsize
  if (free >= DISK_FREE_BYTES_MIN) return undefined
  return {
    what: `only ${Math.floor(free / 1024 / 1024)} MiB are free on the disk of ${dataDir}`,
    mend: 'make room there, or choose another disk with --data-dir',
  }
}
