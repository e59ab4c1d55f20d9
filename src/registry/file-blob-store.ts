// Blobs as files: <root>/<first two digits of the key>/<key>.
import assert from 'node:assert/strict'
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { BlobStore, ObjectWriter } from './blob-store.ts'
import { readFileChunks } from './file-chunks.ts'
import { openFileWriter } from './file-writer.ts'

const KEY = /^[0-9a-f]{32}$/

const DIRECTORIES = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0'))

/** Opens the store in `root` and makes its directories, so that no upload has to. */
export async function openFileBlobStore(root: string): Promise<BlobStore> {
  await mkdir(root, { recursive: true })
  const there = new Set(await readdir(root))
  const missing = DIRECTORIES.filter((name) => !there.has(name))
  await Promise.all(missing.map((name) => mkdir(path.join(root, name))))
  if (missing.length > 0) await syncDirectory(root)
  return {
    append: (key, offset) => appendTo(fileOf(root, key), offset),
    size: async (key) => {
      const found = await ignoringMissing(stat(fileOf(root, key)))
      return found?.size
    },
    read: (key, part) => readFileChunks(fileOf(root, key), part),
    remove: async (key) => ignoringMissing(unlink(fileOf(root, key))),
    keys: () => keysBelow(root),
  }
}

function fileOf(root: string, key: string): string {
  assert.match(key, KEY, 'keys are made by this program, never by a client')
  return path.join(root, key.slice(0, 2), key)
}

async function appendTo(file: string, offset: number): Promise<ObjectWriter> {
  const handle = await openForWriting(file)
  try {
    const { size } = await handle.stat()
    assert.ok(offset <= size, `${file} has ${size} bytes, cannot go on at ${offset}`)
    if (offset < size) await handle.truncate(offset)
  } catch (error) {
    await handle.close()
    throw error
  }
  return openFileWriter({ handle, offset, syncEntry: () => syncDirectory(path.dirname(file)) })
}

/** Opens without truncating, because the bytes before the offset stay. */
async function openForWriting(file: string): Promise<FileHandle> {
  return (await ignoringMissing(open(file, 'r+'))) ?? open(file, 'wx+', 0o600)
}

async function* keysBelow(root: string): AsyncIterable<string> {
  for (const directory of await readdir(root)) yield* await readdir(path.join(root, directory))
}

/** Makes the entries of a directory durable: a file's own fsync does not promise them. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function ignoringMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
