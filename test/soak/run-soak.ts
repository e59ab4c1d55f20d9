// Blows of five kinds, one kind after the other: kill -9 and power loss, of the store alone and of a whole API server, and
// kill -9 of the registry.
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { seededRandom } from '#base/random.ts'
import { churn } from '../integration/registry/churn.ts'
import { cutApi, killApi } from './api-rounds.ts'
import { lacksPowerDisk, PowerDisk } from './power-disk.ts'
import { cutStore, killStore, type Rounds } from './store-rounds.ts'

export interface SoakOptions {
  /** Blows of all kinds together. */
  times: number
  seed: number
  /** Where files are kept meanwhile. */
  directory: string
  say: (line: string) => void
}

const KINDS = 5
const WAIT_MS = { min: 20, max: 400 }

/** Throws at the first promise that was broken; gives what could not be done here, by name. */
export async function runSoak({ times, seed, directory, say }: SoakOptions): Promise<string[]> {
  const random = seededRandom(seed)
  const own = mkdtempSync(path.join(directory, 'ccs-soak-'))
  let count = 0
  const rounds = (): Rounds => ({
    times: Math.ceil(times / KINDS),
    waitMs: () => WAIT_MS.min + random.next() * (WAIT_MS.max - WAIT_MS.min),
    done: () => {
      if (++count % 50 === 0) say(`${count} blows`)
    },
  })
  try {
    say('kill -9 of the store')
    await killStore(own, rounds())
    say('kill -9 of the API server')
    await killApi(own, { ...rounds(), random })
    say('kill -9 of the registry')
    await churn({ kills: rounds().times, seed, say })
    const lack = await lacksPowerDisk()
    if (lack !== undefined) return [lack]
    return await cutPower()
  } finally {
    rmSync(own, { recursive: true })
  }

  async function cutPower(): Promise<string[]> {
    const disk = await PowerDisk.create(own).catch((error: Error) => error)
    if (disk instanceof Error) return [`power loss: no xfs on a loop device (${disk.message})`]
    try {
      say('power loss of the store')
      await cutStore(disk, rounds())
      say('power loss of the API server')
      await cutApi(disk, { ...rounds(), random })
      return []
    } finally {
      await disk.remove()
    }
  }
}
