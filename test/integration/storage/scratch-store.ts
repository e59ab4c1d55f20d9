// Stores on real disk for the tests of this folder.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLogger } from '#base/log.ts'
import { openStore, type StoreOptions } from '#storage/open-store.ts'
import type { Store } from '#storage/types.ts'

type Extra = Pick<StoreOptions, 'pool' | 'codec'>

export interface ScratchStore {
  file: string
  open: (extra?: Extra) => Promise<Store>
  remove: () => Promise<void>
}

export async function scratchStore(): Promise<ScratchStore> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ccs-store-'))
  const file = path.join(directory, 'test.db')
  return {
    file,
    open: (extra) => openFile(file, extra),
    remove: () => rm(directory, { recursive: true }),
  }
}

export function openFile(file: string, extra: Extra = {}): Promise<Store> {
  return openStore({
    ...extra,
    path: file,
    log: silentLogger,
    onLost: (error) => {
      throw error
    },
  })
}
