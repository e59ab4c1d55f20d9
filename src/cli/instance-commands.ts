// The commands that make, stop, show and examine an instance.
import { type Command, Option } from 'commander'
import type { CommandContext } from './context.ts'
import { doctor } from './doctor.ts'
import { down } from './down.ts'
import { printKubeconfig } from './kubeconfig.ts'
import { integer, withInstance, withOutput } from './options.ts'
import { showStatus } from './status.ts'
import { up } from './up.ts'

/** As shells count a death by SIGINT. */
const INTERRUPTED = 130

/** Who presses Ctrl-C in the middle is told that nothing need be repaired. */
function tellOfInterrupt(context: CommandContext): void {
  process.once('SIGINT', () => {
    context.say('ccs: interrupted. The same command again goes on with what was begun')
    process.exit(INTERRUPTED)
  })
}

function addUp(program: Command, context: CommandContext): void {
  const port = (flag: string, what: string) =>
    new Option(flag, what).argParser(integer({ min: 1, max: 65_535 }))
  withInstance(program.command('up'))
    .description('bring ccs up; returns when every part was seen to work')
    .option('--demo', 'go on to build and run a sample service, and print its URL')
    .option('--at-boot', 'start this instance at each boot from now on')
    .option('--no-at-boot', 'do not start it at boot any more')
    .option('--listen <address>', 'also serve others, on this address of the computer')
    .option('--no-listen', 'serve this computer only, as without --listen')
    .addOption(
      port('--api-port <port>', 'port of the API on 127.0.0.1 (6443, or the next free one)'),
    )
    .addOption(
      port(
        '--registry-port <port>',
        'port of the registry on 127.0.0.1 (5000, or the next free one)',
      ),
    )
    .addOption(port('--dns-port <port>', 'port of DNS on 127.0.0.1 (1053, or the next free one)'))
    .addOption(
      new Option('--timeout <seconds>', 'longest wait for each part (30; machines 60)').argParser(
        integer({ min: 1, max: 3600 }),
      ),
    )
    .action((options) => {
      tellOfInterrupt(context)
      return up(context, options)
    })
}

export function addInstanceCommands(program: Command, context: CommandContext): void {
  addUp(program, context)
  withInstance(program.command('down'))
    .description('stop ccs and its containers; data stays unless --purge')
    .option('--purge', 'remove everything this instance ever made, its data too')
    .action((options) => {
      tellOfInterrupt(context)
      return down(context, options)
    })
  withOutput(program.command('status'))
    .description('what runs and where')
    .action((options) => showStatus(context, options))
  withOutput(program.command('doctor'))
    .description('look at all that ccs stands on and say what mends it; at any time')
    .option('--fix', 'remove what instances whose data are gone have left')
    .action((options) => doctor(context, options))
  withOutput(program.command('kubeconfig'))
    .description('print the kubeconfig, of one cluster or of all')
    .argument('[cluster]', 'a cluster, or "hub"')
    .option('--remote', 'for other computers: with the address of --listen')
    .action((cluster, options) => printKubeconfig(context, cluster, options))
}
