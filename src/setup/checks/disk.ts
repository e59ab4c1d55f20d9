// Room on the file systems that ccs writes to, and whether they can do what it asks of them.
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import path from 'node:path'
import { type Check, fail, type Finding, ok, renderSize, warn } from './check.ts'

export interface DiskReadings {
  /** The directory whose file system this is, for people. */
  place: string
  freeBytes: number
  sizeBytes: number
  /** 0 of 0 where the file system does not count them. */
  inodesFree: number
  inodes: number
  /** f_type of statfs(2). */
  type: number
  isReadOnly: boolean
}

const GIB = 1024 ** 3
/** Less than this and an image of ordinary size fills the disk, and the databases stop. */
const FREE_BYTES_MIN = GIB
/** The instance's databases and the registry share the disk with whatever else fills it. */
const USED_WARN = 0.8
const USED_FAIL = 0.97
/** A large disk that is nearly full has room for a while. */
const FREE_BYTES_CALM = 10 * GIB
const INODES_WARN = 0.9

/** Magic numbers of linux/magic.h and of the file systems' own sources. */
const TYPES = {
  tmpfs: 0x01021994,
  overlay: 0x794c7630,
  nfs: 0x6969,
  smb2: 0xfe534d42,
  fuse: 0x65735546,
} as const

const elsewhere = 'choose a directory on a disk of this computer with --data-dir'

/** What a kind of file system cannot do, whatever room it has. */
function judgeType({ place, type, isReadOnly, sizeBytes }: DiskReadings): Finding | undefined {
  if (isReadOnly) return fail(`${place} is on a read-only file system`, elsewhere)
  if (sizeBytes === 0) return fail(`${place} is on a file system that holds no data`, elsewhere)
  switch (type) {
    case TYPES.overlay:
      return fail(
        `${place} is on an overlay file system, on which containers' layers cannot lie`,
        `${elsewhere}; in a container, on a volume`,
      )
    case TYPES.nfs:
    case TYPES.smb2:
      return fail(
        `${place} is on a network file system, on which databases are not safe`,
        elsewhere,
      )
    case TYPES.fuse:
      return warn(
        `${place} is on a FUSE file system, which may not hold containers' layers`,
        elsewhere,
      )
    case TYPES.tmpfs:
      return warn(`${place} is in memory and gone after a reboot`, elsewhere)
    default:
      return undefined
  }
}

export function judgeDisk(readings: DiskReadings): Finding[] {
  const { place, freeBytes, sizeBytes, inodesFree, inodes } = readings
  const used = 1 - freeBytes / sizeBytes
  const percent = `${Math.round(used * 100)} % used`
  const room = `${renderSize(freeBytes)} of ${renderSize(sizeBytes)} are free on the disk of ${place} (${percent})`
  const mend = `make room there ('du -xh -d2 ${place} | sort -h | tail' shows where it went), or use a larger disk`
  const kind = judgeType(readings)
  const findings = kind === undefined ? [] : [kind]
  if (readings.isReadOnly || sizeBytes === 0) return findings
  if (freeBytes < FREE_BYTES_MIN || (used >= USED_FAIL && freeBytes < FREE_BYTES_CALM))
    findings.push(fail(`only ${room}; writes fail soon`, mend))
  else findings.push(used >= USED_WARN ? warn(room, mend) : ok(room))
  if (inodes > 0 && 1 - inodesFree / inodes >= INODES_WARN)
    findings.push(
      warn(`only ${inodesFree} of ${inodes} files more fit on the disk of ${place}`, mend),
    )
  return findings
}

/** The nearest directory that exists: the data directory may have to be made yet. */
export function existingParent(directory: string): string {
  return existsSync(directory) ? directory : existingParent(path.dirname(directory))
}

function readDisk(place: string): DiskReadings {
  const { bavail, blocks, bsize, ffree, files, type } = statfsSync(existingParent(place))
  return {
    place,
    freeBytes: bavail * bsize,
    sizeBytes: blocks * bsize,
    inodesFree: ffree,
    inodes: files,
    type,
    isReadOnly: refusesWrites(existingParent(place)),
  }
}

function refusesWrites(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EROFS') return true
    throw error
  }
}

export const diskCheck: Check<{ dataDir: string }> = {
  name: 'disk',
  look({ dataDir }) {
    // Images and machines may have been given disks of their own.
    const places = [dataDir, ...['registry', 'clusters'].map((name) => path.join(dataDir, name))]
    const seen = new Set<number>()
    return places.flatMap((directory) => {
      const { dev } = statSync(existingParent(directory))
      if (seen.has(dev)) return []
      seen.add(dev)
      return judgeDisk(readDisk(directory))
    })
  },
}
