// Joins the keys of an instance to its stores: what the API calls secret is encrypted on disk.
import path from 'node:path'
import { encryptedPrefixes } from '#apiserver/objects/encrypted-kinds.ts'
import { openStorageKeys, type StorageKeys } from '#identity/storage-keys.ts'
import type { ValueCodec } from '#storage/value-codec.ts'

/** Throws, with what to do, when the keys that the databases need are not there. */
export const instanceStorageKeys = (paths: { pki: string; engine: string }): StorageKeys =>
  openStorageKeys({
    keyFile: path.join(paths.pki, 'storage-keys.json'),
    neededFile: path.join(paths.engine, 'storage-keys.json'),
  })

/** The file of a logical cluster. */
export const clusterFile = (engineDirectory: string, cluster: string): string =>
  cluster === 'hub'
    ? path.join(engineDirectory, 'hub.db')
    : path.join(engineDirectory, 'clusters', `${cluster}.db`)

export const storageCodec = (keys: StorageKeys): ValueCodec => ({
  prefixes: encryptedPrefixes,
  encode: (key, value) => keys.seal(key, value),
  decode: (key, stored) => keys.open(key, stored),
  isCurrent: (_key, stored) => keys.isCurrent(stored),
})
