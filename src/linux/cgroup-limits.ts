// Limits of a cgroup, in the files of v1 and v2 and in the order that the kernel accepts.
import {
  cgroupsDeepestFirst,
  hasCgroupFile,
  readCgroupFile,
  writeCgroupFile,
} from './cgroup-files.ts'

export interface CgroupLimits {
  cpuMillis?: number
  memoryBytes?: number
  pidsMax?: number
}

/** A new memory limit is below what is in use and cannot be reclaimed. */
export class MemoryInUseError extends Error {
  constructor(directory: string, options: { limitBytes: number; usedBytes: number }) {
    super(
      `${directory} uses ${options.usedBytes} bytes of memory: a limit of ${options.limitBytes} is refused`,
    )
    this.name = 'MemoryInUseError'
  }
}

const PERIOD_US = 100_000
/** The kernel takes no smaller quota. */
const QUOTA_US_MIN = 1_000

const quotaOf = (cpuMillis: number): number =>
  Math.max(QUOTA_US_MIN, Math.round((cpuMillis * PERIOD_US) / 1000))

/**
 * v1: a child's share of CPU above its parent's is EINVAL in both directions, so what is below gets cut
 * first when the limit falls.
 */
export function setCpuV1(directory: string, cpuMillis: number): void {
  const quotaUs = quotaOf(cpuMillis)
  for (const cgroup of cgroupsDeepestFirst(directory)) {
    if (cgroup === directory) continue
    const childQuotaUs = Number(readCgroupFile(cgroup, 'cpu.cfs_quota_us') ?? -1)
    const childPeriodUs = Number(readCgroupFile(cgroup, 'cpu.cfs_period_us') ?? PERIOD_US)
    const allowedUs = Math.floor((quotaUs * childPeriodUs) / PERIOD_US)
    if (childQuotaUs > allowedUs)
      writeCgroupFile(cgroup, 'cpu.cfs_quota_us', String(Math.max(QUOTA_US_MIN, allowedUs)))
  }
  writeCgroupFile(directory, 'cpu.cfs_period_us', String(PERIOD_US))
  writeCgroupFile(directory, 'cpu.cfs_quota_us', String(quotaUs))
}

export function setCpuV2(directory: string, cpuMillis: number): void {
  writeCgroupFile(directory, 'cpu.max', `${quotaOf(cpuMillis)} ${PERIOD_US}`)
}

function numberIn(statistics: string | undefined, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(statistics ?? '')?.[1] ?? 0)
}

/** Memory in use without page cache that the kernel may drop: what the kubelet calls working set. */
export function memoryWorkingSet(directory: string): number {
  const isV2 = hasCgroupFile(directory, 'memory.current')
  const used = Number(
    readCgroupFile(directory, isV2 ? 'memory.current' : 'memory.usage_in_bytes') ?? 0,
  )
  const statistics = readCgroupFile(directory, 'memory.stat')
  return Math.max(0, used - numberIn(statistics, isV2 ? 'inactive_file' : 'total_inactive_file'))
}

function refuseBelowUse(directory: string, limitBytes: number): void {
  const usedBytes = memoryWorkingSet(directory)
  if (usedBytes > limitBytes) throw new MemoryInUseError(directory, { limitBytes, usedBytes })
}

export function setMemoryV1(directory: string, memoryBytes: number): void {
  refuseBelowUse(directory, memoryBytes)
  const before = Number(readCgroupFile(directory, 'memory.limit_in_bytes'))
  const files = ['memory.limit_in_bytes']
  // Memory and swap together may never be less than memory alone: the order depends on direction.
  if (hasCgroupFile(directory, 'memory.memsw.limit_in_bytes')) {
    if (memoryBytes > before) files.unshift('memory.memsw.limit_in_bytes')
    else files.push('memory.memsw.limit_in_bytes')
  }
  for (const file of files) writeCgroupFile(directory, file, String(memoryBytes))
}

export function setMemoryV2(directory: string, memoryBytes: number): void {
  refuseBelowUse(directory, memoryBytes)
  writeCgroupFile(directory, 'memory.max', String(memoryBytes))
  if (hasCgroupFile(directory, 'memory.swap.max'))
    writeCgroupFile(directory, 'memory.swap.max', '0')
}

export function setPids(directory: string, pidsMax: number): void {
  writeCgroupFile(directory, 'pids.max', String(pidsMax))
}
