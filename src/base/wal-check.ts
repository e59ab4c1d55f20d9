// Tells a write-ahead log that lost power from one that was damaged later. SQLite reads a WAL up to the first frame
// whose checksum is wrong and takes the rest for a write that never ended; after damage in the middle it would
// silently forget commits that were acknowledged. Format: sqlite.org/fileformat2.html#the_write_ahead_log
import { existsSync, readFileSync } from 'node:fs'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** Checksums over big-endian words; the other magic number means little-endian ones. */
const MAGIC_BIG = 0x377f0683
const MAGIC_LITTLE = 0x377f0682

type Sums = readonly [number, number]

/** What is wrong with the WAL of the database at `file`; undefined when it is whole, torn at its end, or not there. */
export function findWalDamage(file: string): string | undefined {
  const path = `${file}-wal`
  if (!existsSync(path)) return undefined
  const wal = readFileSync(path)
  if (wal.length < HEADER_BYTES) return undefined
  const magic = wal.readUInt32BE(0)
  const isLittle = magic === MAGIC_LITTLE
  if (!isLittle && magic !== MAGIC_BIG)
    return wal.subarray(0, HEADER_BYTES).every((byte) => byte === 0)
      ? undefined
      : 'its header is damaged'
  const sums = add(wal, { from: 0, to: 24, isLittle }, [0, 0])
  if (!areAt(wal, 24, sums)) return 'its header is damaged'
  return damageOfFrames(wal, sums, isLittle)
}

/**
 * Each commit is synced before the next one is written: what power loss can tear is the last commit alone. Frames of
 * this log behind a commit behind the first bad frame were therefore whole once.
 */
function damageOfFrames(wal: Buffer, start: Sums, isLittle: boolean): string | undefined {
  const pageBytes = wal.readUInt32BE(8)
  const frameBytes = FRAME_HEADER_BYTES + pageBytes
  if (pageBytes < 512 || pageBytes > 65_536) return 'its header is damaged'
  let sums: Sums | undefined = start
  let bad: number | undefined
  let hasCommitBehind = false
  for (let at = HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes) {
    // Frames of an earlier log, which lie behind the present one's end, have other salts.
    const isOurs = wal.compare(wal, 16, 24, at + 8, at + 16) === 0
    if (hasCommitBehind && isOurs) return `frame ${frameOf(bad!, frameBytes)} of it is damaged`
    if (sums !== undefined && isOurs) {
      sums = add(wal, { from: at, to: at + 8, isLittle }, sums)
      const body = { from: at + FRAME_HEADER_BYTES, to: at + frameBytes, isLittle }
      sums = add(wal, body, sums)
      if (areAt(wal, at + 16, sums)) continue
    }
    sums = undefined
    bad ??= at
    const isCommit = wal.readUInt32BE(at + 4) !== 0
    if (isOurs && isCommit) hasCommitBehind = true
  }
  return undefined
}

const frameOf = (at: number, frameBytes: number) => (at - HEADER_BYTES) / frameBytes

const areAt = (wal: Buffer, at: number, [first, second]: Sums): boolean =>
  wal.readUInt32BE(at) === first && wal.readUInt32BE(at + 4) === second

function add(
  wal: Buffer,
  { from, to, isLittle }: { from: number; to: number; isLittle: boolean },
  [first, second]: Sums,
): Sums {
  let [a, b] = [first, second]
  for (let at = from; at < to; at += 8) {
    const [x, y] = isLittle
      ? [wal.readUInt32LE(at), wal.readUInt32LE(at + 4)]
      : [wal.readUInt32BE(at), wal.readUInt32BE(at + 4)]
    a = (a + x + b) >>> 0
    b = (b + y + a) >>> 0
  }
  return [a, b]
}
