import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { blobStoreSuite } from './blob-store.suite.ts'
import { openFileBlobStore } from './file-blob-store.ts'
import { memoryBlobStore } from './memory-blob-store.ts'

const roots: string[] = []

async function openInNewDirectory() {
  const root = await mkdtemp(path.join(tmpdir(), 'ccs-blobs-'))
  roots.push(root)
  return openFileBlobStore(root)
}

after(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))))

blobStoreSuite('memoryBlobStore', async () => memoryBlobStore())
blobStoreSuite('openFileBlobStore', openInNewDirectory)

test('openFileBlobStore takes no key that could leave its directory', async () => {
  const store = await openInNewDirectory()
  await assert.rejects(
    async () => store.size('../../../etc/passwd'),
    /keys are made by this program/,
  )
})
