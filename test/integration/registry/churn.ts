// Kills a registry at random moments while clients push, pull and delete and garbage is collected, and checks
// what it has afterwards. Its clock runs fast, so that what may be collected is.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { seededRandom } from '#base/random.ts'
import { registryLimits } from '#registry/registry-limits.ts'
import type { FsckReport } from '#registry/check/fsck.ts'
import { Broken, ImageLedger } from './image-ledger.ts'
import { basic, makeDataDir, startRegistry } from './start-registry.ts'

/** Two hours, for which unused blobs are kept, are a third of a second. */
const SPEED = 20_000
const CLIENTS = 4
const WAIT_MS = { min: 30, max: 500 }

export interface Churn {
  kills: number
  seed: number
  say?: (line: string) => void
}

/** Throws at the first promise that was broken. Says what was done. */
export async function churn({ kills, seed, say }: Churn) {
  const random = seededRandom(seed)
  const ledger = new ImageLedger(random)
  const dataDir = await makeDataDir()
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const registry = await startRegistry(dataDir, 0, SPEED)
      const base = `http://${registry.host}`
      let isOver = false
      const clients = Array.from({ length: CLIENTS }, async () => {
        while (!isOver)
          try {
            await ledger.step(base)
          } catch (error) {
            // The registry is gone, as it should be; a wrong answer is something else.
            if (error instanceof Broken) throw error
            return
          }
      })
      const waitMs = WAIT_MS.min + random.next() * (WAIT_MS.max - WAIT_MS.min)
      await Promise.race([Promise.all(clients), new Promise((done) => setTimeout(done, waitMs))])
      isOver = true
      await registry.stop('SIGKILL')
      await Promise.all(clients)
      if (kill % 50 === 0) say?.(`${kill} kills, ${JSON.stringify(ledger.counts)}`)
    }
    await settle(dataDir, ledger)
    return ledger.counts
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Starts once more and lets all be collected that may be: what is left is what images need, and all of it. */
async function settle(dataDir: string, ledger: ImageLedger): Promise<void> {
  // A little faster is months later: a fast clock counts from long ago.
  const registry = await startRegistry(dataDir, 0, SPEED + 1)
  const base = `http://${registry.host}`
  try {
    await ledger.verify(base)
    const lease = registryLimits.unusedBlobMs / SPEED
    await new Promise((done) => setTimeout(done, 2 * lease))
    await until(async () => {
      const { waiting, reviewed } = await post<{ waiting: number; reviewed: number }>(
        base,
        'collect',
      )
      return waiting === 0 && reviewed === 0
    })
    await ledger.verify(base)
    const report = await post<FsckReport>(base, 'fsck?deep=true')
    assert.deepEqual(report.problems, [])
    assert.equal(report.files, report.blobs, 'there are no files but those of blobs')
    const { alive, unanswered } = ledger.counts
    const left = report.manifests - alive
    assert.ok(left >= 0 && left <= unanswered, `${left} manifests are left, ${unanswered} may be`)
  } finally {
    await registry.stop()
  }
  assert.deepEqual(uselessRows(dataDir), { links: 0, blobs: 0, doomed: 0, uploads: 0 })
}

/** Rows of what no image needs, in a registry that is not running. */
function uselessRows(dataDir: string) {
  const db = new DatabaseSync(path.join(dataDir, 'registry/meta.db'))
  const count = (sql: string) =>
    (db.prepare(`SELECT count(*) AS n ${sql}`).get() as { n: number }).n
  try {
    return {
      links: count(`FROM repository_blob AS held WHERE NOT EXISTS (
        SELECT 1 FROM manifest_blob JOIN repository_manifest USING (manifest_id)
        WHERE blob_id = held.blob_id AND repository_id = held.repository_id)`),
      blobs: count('FROM blob WHERE id NOT IN (SELECT blob_id FROM repository_blob)'),
      doomed: count('FROM doomed_object'),
      uploads: count('FROM upload'),
    }
  } finally {
    db.close()
  }
}

const SETTLE_MS = 60_000

async function until(isDone: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + SETTLE_MS
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error('collection does not come to an end')
    await new Promise((done) => setTimeout(done, 50))
  }
}

async function post<T>(base: string, path: string): Promise<T> {
  const answer = await fetch(`${base}/ccs/v1/${path}`, {
    method: 'POST',
    headers: { authorization: basic('admin') },
  })
  assert.equal(answer.status, 200, await answer.clone().text())
  return (await answer.json()) as T
}
