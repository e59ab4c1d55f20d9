// The command line of ccs: which commands there are, what they take, and what runs them.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { systemClock } from '#base/clock.ts'
import { version } from '#base/version.ts'
import { hostSystemd } from '#setup/boot-unit.ts'
import { DEFAULT_DATA_DIR } from '#setup/instance.ts'
import { SetupError } from '#setup/setup-error.ts'
import { addAuditCommands } from './audit/audit-commands.ts'
import { addClusterCommands } from './cluster/cluster-commands.ts'
import { type CommandContext, type CommonOptions, outputFormat } from './context.ts'
import { EXIT, explain } from './failure.ts'
import { addImageCommands } from './image/image-commands.ts'
import { addRegistryCommands } from './registry/registry-commands.ts'
import { addMachineCommands } from './machine/machine-commands.ts'
import { addInstanceCommands } from './instance-commands.ts'
import { renderValue } from './output.ts'
import { withOutput } from './options.ts'
import { addServiceCommands } from './service/service-commands.ts'
import { runTests } from './test.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

const context: CommandContext = {
  clock: systemClock,
  root,
  version,
  systemd: hostSystemd,
  say: (line) => void process.stderr.write(`${line}\n`),
  print: (text) => void process.stdout.write(`${text}\n`),
}

function buildProgram(): Command {
  const program = new Command('ccs')
    .description('A cloud container service of your own: clusters, services, images.')
    .version(`ccs ${version}`, '-V, --version', 'print the version')
    .showHelpAfterError('(--help shows how)')
    .exitOverride()
  addInstanceCommands(program, context)
  withOutput(program.command('version'))
    .description('print the version')
    .action((options: CommonOptions) => {
      const format = outputFormat(options)
      context.print(format === 'table' ? `ccs ${version}` : renderValue({ version }, format))
    })
  addServiceCommands(program, context)
  addMachineCommands(program, context)
  addImageCommands(program, context)
  addRegistryCommands(program, context)
  addClusterCommands(program, context)
  addAuditCommands(program, context)
  program
    .command('test')
    .description('install what is missing and run every test of this checkout')
    .option('--unit', 'only those that need no root')
    .action((options) => runTests(context, options))
  program.addHelpText('after', `\nThe instance is found by --data-dir (${DEFAULT_DATA_DIR}).`)
  return program
}

async function main(): Promise<number> {
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
