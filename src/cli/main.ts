// The command line of ccs: which commands there are, what they take, and what runs them.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { systemClock } from '#base/clock.ts'
import { version } from '#base/version.ts'
import { DEFAULT_DATA_DIR } from '#setup/instance.ts'
import { SetupError } from '#setup/install.ts'
import { type CommandContext, type CommonOptions, outputFormat } from './context.ts'
import { down } from './down.ts'
import { EXIT, explain } from './failure.ts'
import { addImageCommands } from './image/image-commands.ts'
import { printKubeconfig } from './kubeconfig.ts'
import { listMachines, powerMachine } from './machine/machine-commands.ts'
import { renderValue } from './output.ts'
import { changeOptions, collect, integer, withInstance, withOutput } from './options.ts'
import { createService } from './service/create.ts'
import { deleteService, scaleService, updateService } from './service/change.ts'
import { listServices, showService } from './service/show.ts'
import { DEFAULT_PROJECT } from './service/service-view.ts'
import { showStatus } from './status.ts'
import { runTests } from './test.ts'
import { up } from './up.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

const context: CommandContext = {
  clock: systemClock,
  root,
  version,
  say: (line) => void process.stderr.write(`${line}\n`),
  print: (text) => void process.stdout.write(`${text}\n`),
}

function addInstanceCommands(program: Command): void {
  const port = (flag: string, what: string) =>
    new Option(flag, what).argParser(integer({ min: 1, max: 65_535 }))
  withInstance(program.command('up'))
    .description('bring ccs up; returns when every part was seen to work')
    .option('--demo', 'go on to build and run a sample service, and print its URL')
    .addOption(port('--api-port <port>', 'port of the API on 127.0.0.1 (6443)'))
    .addOption(port('--registry-port <port>', 'port of the registry on 127.0.0.1 (5000)'))
    .addOption(port('--dns-port <port>', 'port of DNS on 127.0.0.1 (1053)'))
    .action((options) => up(context, options))
  withInstance(program.command('down'))
    .description('stop ccs and its containers; data stays unless --purge')
    .option('--purge', 'remove everything this instance ever made, its data too')
    .action((options) => down(context, options))
  withOutput(program.command('status'))
    .description('what runs and where')
    .action((options) => showStatus(context, options))
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

function addServiceCommands(program: Command): void {
  const group = program.command('service').description('services: images that run as replicas')
  const inProject = (command: Command, about: string) =>
    command.description(about).option('-p, --project <project>', 'the project', DEFAULT_PROJECT)
  const command = (name: string, about: string) => inProject(withOutput(group.command(name)), about)
  command('create', 'run an image as a service')
    .argument('<name>')
    .requiredOption('--image <image>', 'a name in the registry, or a full name')
    .addOption(
      new Option('--replicas <n>', 'instances')
        .argParser(integer({ min: 0, max: 1000 }))
        .default(1),
    )
    .option('--port <port>', '8080, or 80:8080 for balancer:container; repeatable', collect, [])
    .option('--env <name=value>', 'environment; repeatable', collect, [])
    .option('--cluster <cluster>', 'where it runs', 'local')
    .addOption(
      new Option('--access <access>', 'who reaches it')
        .choices(['Public', 'Cluster', 'None'])
        .default('Public'),
    )
    .configureHelp({ sortOptions: false })
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .action((name, options) => createService(context, name, options))
  command('list', 'list services')
    .option('-A, --all-projects', 'of all projects')
    .action((options) => listServices(context, options))
  command('get', 'show one service')
    .argument('<name>')
    .action((name, options) => showService(context, name, options))
  command('update', 'roll out another image')
    .argument('<name>')
    .requiredOption('--image <image>', 'the image to run')
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .action((name, options) => updateService(context, name, options))
  command('scale', 'change the number of instances')
    .argument('<name>')
    .addOption(
      new Option('--replicas <n>', 'instances')
        .argParser(integer({ min: 0, max: 1000 }))
        .makeOptionMandatory(),
    )
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .action((name, options) => scaleService(context, name, options))
  inProject(withInstance(group.command('delete')), 'delete a service and its instances')
    .argument('<name>')
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .action((name, options) => deleteService(context, name, options))
}

function addMachineCommands(program: Command): void {
  const group = program.command('machine').description('machines of the clusters')
  withOutput(group.command('list'))
    .description('list machines')
    .option('--cluster <cluster>', 'of one cluster')
    .action((options) => listMachines(context, options))
  const power = (name: string, about: string, state: 'Running' | 'Stopped') =>
    withInstance(group.command(name))
      .description(about)
      .argument('<name>')
      .addOption(changeOptions.wait)
      .addOption(changeOptions.timeout)
      .action((machine, options) => powerMachine(context, machine, state, options))
  power('stop', 'move its containers elsewhere and stop it', 'Stopped')
  power('start', 'start it again', 'Running')
}

function buildProgram(): Command {
  const program = new Command('ccs')
    .description('A cloud container service of your own: clusters, services, images.')
    .version(`ccs ${version}`, '-V, --version', 'print the version')
    .showHelpAfterError('(--help shows how)')
    .exitOverride()
  addInstanceCommands(program)
  addServiceCommands(program)
  addMachineCommands(program)
  addImageCommands(program, context)
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
