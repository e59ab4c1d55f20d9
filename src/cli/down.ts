// `ccs down`: stops an instance, and with --purge removes all it ever made.
import { rmSync } from 'node:fs'
import { purgeInstance, stopMachines } from '#setup/teardown.ts'
import { type InstancePaths, readInstance } from '#setup/instance.ts'
import { withInstanceLock } from '#setup/instance-lock.ts'
import { SERVICES, stopService } from '#setup/services.ts'
import { type CommandContext, type CommonOptions, pathsOf } from './context.ts'
import { Failure } from './failure.ts'
import { phase } from './phases.ts'

export interface DownOptions extends CommonOptions {
  purge?: boolean
}

export async function down(context: CommandContext, options: DownOptions): Promise<void> {
  if (process.getuid?.() !== 0) throw new Failure("stopping ccs needs root: 'sudo ./ccs down'")
  const paths = pathsOf(options)
  const command = options.purge ? 'ccs down --purge' : 'ccs down'
  await withInstanceLock(paths, { command, pid: process.pid, say: context.say }, () =>
    stopAll(context, paths, options),
  )
}

async function stopAll(
  context: CommandContext,
  paths: InstancePaths,
  options: DownOptions,
): Promise<void> {
  const file = readInstance(paths)
  if (file === undefined && !options.purge)
    return context.say(`There is no instance in ${paths.dataDir}; nothing to stop.`)
  await phase(context, 'processes', async () => {
    const all: string[] = []
    for (const name of SERVICES.toReversed())
      all.push(`${name} ${await stopService(paths, name, context.clock)}`)
    return all.join(', ')
  })
  await phase(context, 'machines', async () => {
    const count = await stopMachines(paths, context.clock)
    return count === 0 ? 'none ran' : `${count} stopped`
  })
  if (!options.purge) return context.say("ccs is down. 'ccs up' brings it back as it was.")
  await phase(context, 'purge', async () => {
    await purgeInstance(paths, context.clock)
    rmSync(paths.dataDir, { recursive: true, force: true })
    return `${paths.dataDir} and all that was made on this computer is removed`
  })
}
