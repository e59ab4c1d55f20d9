// The command line of ccs: which commands there are, what they take, and what runs them.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { systemClock } from '#base/clock.ts'
import { version } from '#base/version.ts'
import { hostSystemd } from '#setup/boot-unit.ts'
import { DEFAULT_DATA_DIR } from '#setup/instance.ts'
import { SetupError } from '#setup/setup-error.ts'
import { type CommandContext, type CommonOptions, outputFormat } from './context.ts'
import { doctor } from './doctor.ts'
import { down } from './down.ts'
import { EXIT, explain } from './failure.ts'
import { addImageCommands } from './image/image-commands.ts'
import { printKubeconfig } from './kubeconfig.ts'
import { addMachineCommands } from './machine/machine-commands.ts'
import { renderValue } from './output.ts'
import { integer, withInstance, withOutput } from './options.ts'
import { addServiceCommands } from './service/service-commands.ts'
import { showStatus } from './status.ts'
import { runTests } from './test.ts'
import { up } from './up.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

const context: CommandContext = {
  clock: systemClock,
  root,
  version,
  systemd: hostSystemd,
  say: (line) => void process.stderr.write(`${line}\n`),
  print: (text) => void process.stdout.write(`${text}\n`),
}

function addInstanceCommands(program: Command): void {
  const port = (flag: string, what: string) =>
    new Option(flag, what).argParser(integer({ min: 1, max: 65_535 }))
  withInstance(program.command('up'))
    .description('bring ccs up; returns when every part was seen to work')
    .option('--demo', 'go on to build and run a sample service, and print its URL')
    .option('--at-boot', 'start this instance at each boot from now on')
    .option('--no-at-boot', 'do not start it at boot any more')
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
    .action((options) => up(context, options))
  withInstance(program.command('down'))
    .description('stop ccs and its containers; data stays unless --purge')
    .option('--purge', 'remove everything this instance ever made, its data too')
    .action((options) => down(context, options))
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
    .action((cluster, options) => printKubeconfig(context, cluster, options))
  withOutput(program.command('version'))
    .description('print the version')
    .action((options: CommonOptions) => {
      const format = outputFormat(options)
      context.print(format === 'table' ? `ccs ${version}` : renderValue({ version }, format))
    })
}

function buildProgram(): Command {
  const program = new Command('ccs')
    .description('A cloud container service of your own: clusters, services, images.')
    .version(`ccs ${version}`, '-V, --version', 'print the version')
    .showHelpAfterError('(--help shows how)')
    .exitOverride()
  addInstanceCommands(program)
  addServiceCommands(program, context)
  addMachineCommands(program, context)
  addImageCommands(program, context)
  program
    .command('test')
    .description('install what is missing and run every test of this checkout')
    .option('--unit', 'only those that need no root')
    .action((options) => runTests(context, options))
  program.addHelpText('after', `\nThe instance is found by --data-dir (${DEFAULT_DATA_DIR}).`)
  return program
}

/** As shells count a death by SIGINT. */
const INTERRUPTED = 130

async function main(): Promise<number> {
  process.once('SIGINT', () => {
    context.say('ccs: interrupted. What was begun is gone on with when the command is given again')
    process.exit(INTERRUPTED)
  })
  try {
    await buildProgram().parseAsync()
    return Number(process.exitCode ?? EXIT.ok)
  } catch (error) {
    // commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (error instanceof InvalidArgumentError) {
      context.say(`ccs: ${error.message}`)
      return EXIT.usage
    }
    const { message, exitCode } =
      error instanceof SetupError
        ? { message: error.message, exitCode: EXIT.failed }
        : explain(error)
    context.say(`ccs: ${message}`)
    return exitCode
  }
}

// Not process.exitCode: idle connections of a finished command must not keep it waiting.
process.exit(await main())
