// `ccs cluster rotate-key`: a new key for the Secrets on disk, and all of them encrypted with it.
import { type CommandContext, type CommonOptions, findInstance } from '../context.ts'
import { askEngine } from './engine-control.ts'

export async function rotateKey(context: CommandContext, options: CommonOptions): Promise<void> {
  const instance = findInstance(options)
  const { key, values } = await askEngine<{ key: string; values: number }>(
    instance,
    '/rotate-key',
    {},
  )
  context.say(
    'older keys stay in pki/storage-keys.json of the data directory: backups need them. Back it up now',
  )
  context.print(`key ${key}: ${values} values encrypted anew`)
}
