// Stores on real disk for the tests of this folder.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLogger } from '#base/log.ts'
import { openStore } from '#storage/open-store.ts'
import type { Store } from '#storage/types.ts'

export interface ScratchStore {
  file: string
  open: () => Promise<Store>
  remove: () => Promise<void>
}

export async function scratchStore(): Promise<ScratchStore> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ccs-store-'))
  const file = path.join(directory, 'test.db')
  return {
    file,
    open: () => openFile(file),
    remove: () => rm(directory, { recursive: true }),
  }
}

export function openFile(file: string): Promise<Store> {
  return openStore({
    path: file,
    log: silentLogger,
    onLost: (error) => {
      throw error
    },
  })
}
