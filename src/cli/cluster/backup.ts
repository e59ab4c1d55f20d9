// `ccs cluster backup` and `ccs cluster restore`: all that the API of a cluster holds, as one file.
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { withInstanceLock } from '#setup/instance-lock.ts'
import { findService } from '#setup/services.ts'
import { type CommandContext, type CommonOptions, findInstance } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { runClusterFile } from './cluster-file.ts'
import { askEngine } from './engine-control.ts'

export interface BackupOptions extends CommonOptions {
  force?: boolean
}

interface Checked {
  revision: number
  entries: number
}

interface Restored extends Checked {
  backupRevision: number
  replaced?: string
}

const KEYS_HINT =
  'Its Secrets are encrypted: keep pki/storage-keys.json of the data directory apart from it'

const checkName = (name: string): void => {
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return
  throw new Failure(`"${name}" cannot be the name of a cluster`, EXIT.usage)
}

export async function backupCluster(
  context: CommandContext,
  cluster: string,
  given: string,
  options: BackupOptions,
): Promise<void> {
  checkName(cluster)
  const instance = findInstance(options)
  const file = path.resolve(given)
  if (existsSync(file) && !options.force)
    throw new Failure(`${file} is there already. Name another file, or overwrite it with --force`)
  if (!existsSync(path.dirname(file)))
    throw new Failure(`there is no directory ${path.dirname(file)}`)
  context.say(`copying cluster ${cluster} while it is used ...`)
  await askEngine(instance, '/backup', { cluster, file })
  let checked: Checked
  try {
    checked = await runClusterFile<Checked>(context, instance, 'check', file)
  } catch (error) {
    // What cannot be restored must not lie around as if it could.
    rmSync(file, { force: true })
    throw error
  }
  context.say(KEYS_HINT)
  context.print(`${file}: ${checked.entries} objects at revision ${checked.revision}, checked`)
}

export async function restoreCluster(
  context: CommandContext,
  cluster: string,
  given: string,
  options: BackupOptions,
): Promise<void> {
  checkName(cluster)
  const instance = findInstance(options)
  const { paths } = instance
  const file = path.resolve(given)
  if (!existsSync(file)) throw new Failure(`there is no file ${file}`, EXIT.notFound)
  const lock = { command: 'ccs cluster restore', pid: process.pid, say: context.say }
  await withInstanceLock(paths, lock, async () => {
    const running = findService(paths, 'supervisor') ?? findService(paths, 'engine')
    if (running !== undefined)
      throw new Failure("ccs runs. Stop it with 'ccs down', restore, and start it with 'ccs up'")
    const own = path.join(paths.engine, cluster === 'hub' ? 'hub.db' : `clusters/${cluster}.db`)
    if (existsSync(own) && !options.force)
      throw new Failure(
        `cluster ${cluster} is there already (${own}). --force replaces it; what it holds now is kept beside it`,
      )
    const made = await runClusterFile<Restored>(context, instance, 'restore', cluster, file)
    if (made.replaced !== undefined) context.say(`what was there before is in ${made.replaced}`)
    context.say("watches begin anew from here. Start ccs with 'ccs up'")
    context.print(
      `cluster ${cluster}: ${made.entries} objects of revision ${made.backupRevision}, ` +
        `going on from revision ${made.revision}`,
    )
  })
}
