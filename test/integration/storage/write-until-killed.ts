// Writes to the store at argv[2] as fast as it can and tells its parent of every acknowledged write.
import { commit, put } from '#storage/store.suite.ts'
import { openFile } from './scratch-store.ts'

export interface Acknowledged {
  key: string
  value: string
  revision: number
}

const writers = 20
const keysPerWriter = 10

async function write(file: string, round: string): Promise<void> {
  const store = await openFile(file)
  const writer = async (number: number): Promise<void> => {
    for (let i = 0; ; i++) {
      const key = `${number}/${i % keysPerWriter}`
      const value = `round ${round}, write ${i}`
      const revision = await commit(store, put(key, value))
      process.send!([{ key, value, revision }] satisfies Acknowledged[])
      if (i % 50 === 49 && number === 0) await store.compact(store.revision - 10)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, number) => writer(number)))
}

const [file, round] = process.argv.slice(2)
// Imported for its type only when there is no parent to tell.
if (process.send !== undefined && file !== undefined && round !== undefined)
  await write(file, round)
