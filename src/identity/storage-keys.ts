// The keys that Secrets are encrypted with on disk: one file of an instance, apart from the databases, and beside
// those the names of the keys they need. Without that a lost file would be made anew, and what it opened lost.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import {
  keyIdOf,
  openSealedValue,
  SEALING_KEY_BYTES,
  sealedWith,
  sealValue,
} from './sealed-value.ts'

export interface StorageKeysPlace {
  /** The keys, mode 0600. */
  keyFile: string
  /** The ids of the keys that databases of this instance may need; nothing secret. */
  neededFile: string
}

interface KeyFile {
  /** Id of the key that values are sealed with; the others are for reading. */
  current: string
  keys: { id: string; key: string }[]
}

export interface StorageKeys {
  readonly current: string
  /** Makes a key and has values sealed with it from now on; older keys stay for reading. */
  rotate(): string
  seal(place: string, value: Uint8Array): Uint8Array
  /** The value; one that was never sealed as it is. Throws when its key is not here, or is another. */
  open(place: string, value: Uint8Array): Uint8Array
  isCurrent(value: Uint8Array): boolean
}

/** Reads the keys, or makes the first one where no database needs one yet. Throws with what to do otherwise. */
export function openStorageKeys(files: StorageKeysPlace): StorageKeys {
  const needed = readNeeded(files)
  let content = existsSync(files.keyFile) ? readKeys(files) : undefined
  if (content === undefined && needed.length > 0)
    throw new Error(
      `${files.keyFile} is missing, and the Secrets of this instance are encrypted with it. ` +
        `${remedyOf(files)} It must hold the keys ${needed.join(', ')}.`,
    )
  content ??= withNewKey(undefined)
  const keys = new Map(content.keys.map(({ id, key }) => [id, Buffer.from(key, 'base64')]))
  const missing = needed.filter((id) => !keys.has(id))
  if (missing.length > 0)
    throw new Error(
      `${files.keyFile} is not the file that Secrets of this instance are encrypted with: it lacks ` +
        `the keys ${missing.join(', ')}. ${remedyOf(files)}`,
    )
  write(files, content)
  return keysOf(files, content, keys)
}

function keysOf(files: StorageKeysPlace, first: KeyFile, keys: Map<string, Buffer>): StorageKeys {
  let content = first
  return {
    get current() {
      return content.current
    },
    rotate() {
      const next = withNewKey(content)
      write(files, next)
      content = next
      keys.set(next.current, Buffer.from(next.keys.at(-1)!.key, 'base64'))
      return next.current
    },
    seal: (place, value) =>
      sealValue({ id: content.current, bytes: keys.get(content.current)! }, place, value),
    open(place, value) {
      const id = sealedWith(value)
      if (id === undefined) return value
      const key = keys.get(id)
      if (key === undefined)
        throw new Error(
          `${place} is encrypted with the key ${id}, which ${files.keyFile} does not hold. ` +
            remedyOf(files),
        )
      try {
        return openSealedValue(key, place, value)
      } catch (error) {
        throw new Error(
          `${place} cannot be decrypted with its key ${id}: it was changed, or moved from elsewhere. ` +
            'Put back a backup of the database.',
          { cause: error },
        )
      }
    },
    isCurrent: (value) => sealedWith(value) === content.current,
  }
}

function withNewKey(before: KeyFile | undefined): KeyFile {
  const bytes = randomBytes(SEALING_KEY_BYTES)
  const id = keyIdOf(bytes)
  return { current: id, keys: [...(before?.keys ?? []), { id, key: bytes.toString('base64') }] }
}

/** The keys first: a database must never hold what they do not open. */
function write(files: StorageKeysPlace, content: KeyFile): void {
  put(files.keyFile, content)
  put(files.neededFile, { keys: content.keys.map(({ id }) => id) })
}

function put(file: string, content: object): void {
  const text = `${JSON.stringify(content, undefined, 2)}\n`
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  writeFileAtomic(file, text, { mode: 0o600 })
}

function readKeys(files: StorageKeysPlace): KeyFile {
  const content = readJson(files.keyFile, remedyOf(files)) as Partial<KeyFile>
  const keys = Array.isArray(content.keys) ? content.keys : []
  const isGood = (one: Partial<KeyFile['keys'][number]>) => {
    const bytes = Buffer.from(String(one.key), 'base64')
    return bytes.length === SEALING_KEY_BYTES && keyIdOf(bytes) === one.id
  }
  const bad = keys.find((one) => !isGood(one))
  if (bad !== undefined)
    throw new Error(
      `${files.keyFile} is damaged: its key ${bad.id} is not the key of that name. ${remedyOf(files)}`,
    )
  if (!keys.some(({ id }) => id === content.current))
    throw new Error(`${files.keyFile} is damaged: it has no current key. ${remedyOf(files)}`)
  return content as KeyFile
}

function readNeeded({ neededFile }: StorageKeysPlace): string[] {
  if (!existsSync(neededFile)) return []
  const { keys } = readJson(neededFile, 'Remove it: it is written anew.') as { keys?: string[] }
  return Array.isArray(keys) ? keys : []
}

function readJson(file: string, remedy: string): object {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object
  } catch (error) {
    throw new Error(`${file} cannot be read as JSON. ${remedy}`, { cause: error })
  }
}

const remedyOf = ({ keyFile }: StorageKeysPlace): string =>
  `Put ${path.basename(keyFile)} back from a backup of ${path.dirname(keyFile)}; without it these ` +
  'values cannot be read by anyone.'
