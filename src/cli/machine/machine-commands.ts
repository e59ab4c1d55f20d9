import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { changeOptions, examples, withInstance, withOutput } from '../options.ts'
import { listMachines, powerMachine } from './machines.ts'

export function addMachineCommands(program: Command, context: CommandContext): void {
  const group = program.command('machine').description('machines of the clusters')
  withOutput(group.command('list'))
    .description('list machines')
    .option('--cluster <cluster>', 'of one cluster')
    .addHelpText('after', examples('ccs machine list', 'ccs machine list --cluster local -o json'))
    .action((options) => listMachines(context, options))
  const power = (name: string, about: string, state: 'Running' | 'Stopped') =>
    withInstance(group.command(name))
      .description(about)
      .argument('<name>')
      .addOption(changeOptions.wait)
      .addOption(changeOptions.timeout)
      .addHelpText('after', examples(`ccs machine ${name} local-2`))
      .action((machine, options) => powerMachine(context, machine, state, options))
  power('stop', 'move its containers elsewhere and stop it', 'Stopped')
  power('start', 'start it again', 'Running')
}
