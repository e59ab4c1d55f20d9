// Checks and restores files of logical clusters, for commands: reads one request from argv, prints one answer as JSON.
//   node cluster-file.ts DATA_DIR check FILE
//   node cluster-file.ts DATA_DIR restore CLUSTER FILE
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { describeError } from '#base/log.ts'
import { instancePaths, resolveDataDir } from '#setup/instance.ts'
import { checkCopy, restoreCopy } from '#storage/backup-file.ts'
import { clusterFile, instanceStorageKeys, storageCodec } from './engine/storage-codec.ts'

function perform(dataDir: string, what: string | undefined, args: readonly string[]): object {
  const paths = instancePaths(resolveDataDir(dataDir))
  const codec = storageCodec(instanceStorageKeys(paths))
  if (what === 'check') return checkCopy(args[0]!, codec)
  if (what !== 'restore') throw new Error(`there is no "${what}"`)
  const to = clusterFile(paths.engine, args[0]!)
  mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 })
  return restoreCopy({ from: args[1]!, to, codec })
}

const [dataDir = '', what, ...args] = process.argv.slice(2)
try {
  process.stdout.write(JSON.stringify(perform(dataDir, what, args)))
} catch (error) {
  process.stdout.write(JSON.stringify({ message: describeError(error) }))
  process.exitCode = 1
}
