// `ccs down`: stops an instance, and with --purge removes all it ever made.
import { existsSync } from 'node:fs'
import { hasUnit, stopUnit } from '#setup/boot-unit.ts'
import type { InstancePaths } from '#setup/instance.ts'
import { withInstanceLock } from '#setup/instance-lock.ts'
import { PROCESSES, stopService } from '#setup/services.ts'
import { purgeInstance, stopMachines } from '#setup/teardown.ts'
import { type CommandContext, type CommonOptions, pathsOf } from './context.ts'
import { EXIT, Failure } from './failure.ts'
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
  // Its file may be damaged: whoever stops or removes an instance needs nothing of it.
  if (!existsSync(paths.instanceFile) && !options.purge)
    return context.say(`There is no instance in ${paths.dataDir}; nothing to stop.`)
  await phase(context, 'processes', async () => {
    await stopUnit(context.systemd, paths)
    const all: string[] = []
    for (const name of PROCESSES.toReversed())
      all.push(`${name} ${await stopService(paths, name, context.clock)}`)
    return all.join(', ')
  })
  await phase(context, 'machines', async () => {
    const count = await stopMachines(paths, context.clock)
    return count === 0 ? 'none ran' : `${count} stopped`
  })
  if (!options.purge) {
    const atBoot = hasUnit(context.systemd, paths) ? ', and so does the next boot' : ''
    return context.say(`ccs is down. 'ccs up' brings it back as it was${atBoot}.`)
  }
  await phase(context, 'purge', async () => {
    const { dataDir } = paths
    const fate = await purgeInstance(paths, context)
    if (fate === 'foreign')
      throw new Failure(
        `${dataDir} holds no instance of ccs and was left as it is`,
        EXIT.notRunning,
      )
    return fate === 'none'
      ? `there is no ${dataDir}; nothing that an instance in it made is left`
      : `${dataDir} and all that was made on this computer is removed`
  })
}
