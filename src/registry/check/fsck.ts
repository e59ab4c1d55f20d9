// Holds rows and files against each other, while the registry serves: what rows name is there and right, and
// what is there is named. `repair` sets right what can be: it takes damaged blobs out of use until they are
// pushed again, removes files that nothing names, and counts anew.
import type { Clock } from '#base/clock.ts'
import type { BlobStore } from '../blob-store.ts'
import { algorithmOf, digestOf } from '../digest.ts'
import type { Metadata } from '../metadata.ts'
import { blobProblem } from './blob-check.ts'

export interface FsckOptions {
  metadata: Metadata
  store: BlobStore
  clock: Clock
}

export interface FsckWish {
  /** Reads every byte; without, sizes only. */
  deep: boolean
  repair: boolean
}

export interface FsckProblem {
  what: 'blob' | 'manifest' | 'file' | 'usage'
  /** Digest, key or project. */
  name: string
  problem: string
  repaired: boolean
}

export interface FsckReport {
  blobs: number
  bytes: number
  manifests: number
  files: number
  /** The first of them; `problemCount` has them all. */
  problems: FsckProblem[]
  problemCount: number
}

const PAGE = 500
const PROBLEMS_MAX = 1_000

export async function fsck(options: FsckOptions, wish: FsckWish): Promise<FsckReport> {
  const report: FsckReport = {
    blobs: 0,
    bytes: 0,
    manifests: 0,
    files: 0,
    problems: [],
    problemCount: 0,
  }
  const found = (problem: FsckProblem) => {
    report.problemCount++
    if (report.problems.length < PROBLEMS_MAX) report.problems.push(problem)
  }
  await checkBlobs(options, wish, report, found)
  checkManifests(options, report, found)
  await checkFiles(options, wish, report, found)
  checkUsage(options, wish, found)
  return report
}

type Found = (problem: FsckProblem) => void

async function checkBlobs(
  { metadata, store, clock }: FsckOptions,
  { deep, repair }: FsckWish,
  report: FsckReport,
  found: Found,
): Promise<void> {
  let last = 0
  for (;;) {
    const page = metadata.check.blobsAfter(last, PAGE)
    if (page.length === 0) return
    for (const blob of page) {
      last = blob.id
      report.blobs++
      report.bytes += blob.size
      const problem = await blobProblem(store, blob, { deep })
      // It may have been collected while it was looked at.
      const [still] = metadata.check.blobsAfter(blob.id - 1, 1)
      if (still?.objectKey !== blob.objectKey) continue
      if (problem === undefined) {
        if (deep) metadata.check.checked(blob.id, clock.now())
        continue
      }
      if (repair && blob.damagedAt === null) metadata.check.damaged(blob.id, clock.now())
      const repaired = repair || blob.damagedAt !== null
      found({ what: 'blob', name: blob.digest, problem, repaired })
    }
  }
}

function checkManifests({ metadata }: FsckOptions, report: FsckReport, found: Found): void {
  let last = 0
  for (;;) {
    const page = metadata.check.manifestsAfter(last, PAGE)
    if (page.length === 0) return
    for (const { id, digest, bytes } of page) {
      last = id
      report.manifests++
      if (digestOf(bytes, algorithmOf(digest)) !== digest)
        found({
          what: 'manifest',
          name: digest,
          problem: 'its bytes are other ones',
          repaired: false,
        })
    }
  }
}

async function checkFiles(
  { metadata, store }: FsckOptions,
  { repair }: FsckWish,
  report: FsckReport,
  found: Found,
): Promise<void> {
  for await (const key of store.keys()) {
    report.files++
    // The row is there before the file and goes after it, so a file without one is nobody's.
    if (metadata.check.isNamed(key) || (await store.size(key)) === undefined) continue
    if (metadata.check.isNamed(key)) continue
    if (repair) await store.remove(key)
    found({ what: 'file', name: key, problem: 'nothing names it', repaired: repair })
  }
}

function checkUsage({ metadata }: FsckOptions, { repair }: FsckWish, found: Found): void {
  metadata.transaction(() => {
    for (const { project, counted, actual } of metadata.projectUsage.differences()) {
      if (repair) metadata.projectUsage.set(project, actual)
      const problem = `${counted} bytes are counted, ${actual} are used`
      found({ what: 'usage', name: project, problem, repaired: repair })
    }
  })
}
