// The commands of `ccs service`.
import { type Command, Option } from 'commander'
import { serviceDefaults } from '#kinds/ccs/container-service.ts'
import { serviceLimits } from '#kinds/ccs/limits.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { changeOptions, collect, examples, integer, withInstance, withOutput } from '../options.ts'
import { scaleService, updateService } from './change.ts'
import { createService } from './create.ts'
import { deleteService } from './delete.ts'
import { showEvents } from './events.ts'
import { execInService } from './exec.ts'
import { DEFAULT_PROJECT } from './find-service.ts'
import { showLogs } from './logs.ts'
import { restartService } from './restart.ts'
import { rollbackService, showHistory } from './revisions.ts'
import { listServices, showService } from './show.ts'

const { replicasMax, drainSecondsMax } = serviceLimits
const EVENTS_MAX = 1_000
const EVENTS_DEFAULT = 100
const LOG_LINES_MAX = 1_000_000
const LOG_LINES_DEFAULT = 200
const REVISION_MAX = 1_000_000_000

/** A word that stands elsewhere is a flag without its dashes, and never meant for the image. */
function afterDashes(words: readonly string[]): readonly string[] {
  const dashes = process.argv.indexOf('--')
  const after = dashes < 0 ? [] : process.argv.slice(dashes + 1)
  if (words.length <= after.length) return words
  throw new Failure(
    `"${words[0]}" is not understood here. Flags begin with --; arguments for the image stand after --`,
    EXIT.usage,
  )
}

interface Group {
  /** A command that shows what it did or found. */
  command: (name: string, about: string) => Command
  /** One that only does something. */
  plain: (name: string, about: string) => Command
  context: CommandContext
}

const replicas = () =>
  new Option('--replicas <n>', 'instances').argParser(integer({ min: 0, max: replicasMax }))
const dryRun = () => new Option('--dry-run', 'only show what would change')
const cause = () => new Option('--cause <text>', 'why, for the history')

/** Flags that say what instances are; without defaults, so that an update knows which were given. */
function withSpec(command: Command): Command {
  return command
    .option(
      '--port <port>',
      '8080, or 80:8080 for balancer:container, or 53/udp; repeatable',
      collect,
    )
    .option('--env <name=value>', 'environment; NAME- takes it away; repeatable', collect)
    .option('--requests <amounts>', 'kept free for each instance: cpu=250m,memory=64Mi, or none')
    .option('--limits <amounts>', 'the most an instance may use: cpu=1,memory=256Mi, or none')
    .option(
      '--readiness <check>',
      'when an instance gets requests: tcp, tcp:8080, http:/health, http:8080/health, none (default: tcp on the first TCP port)',
    )
    .addOption(
      new Option(
        '--drain <seconds>',
        `how long an instance serves on after it is told to stop (default: ${serviceDefaults.drainSeconds})`,
      ).argParser(integer({ min: 0, max: drainSecondsMax })),
    )
    .option(
      '--max-unavailable <n>',
      `instances a drain of machines may take at once, 1 or 25% (default: ${serviceDefaults.maxUnavailable})`,
    )
    .addOption(
      new Option(
        '--spread <spread>',
        `over zones and machines (default: ${serviceDefaults.spread})`,
      ).choices(['Preferred', 'Required', 'None']),
    )
    .option('--command', 'what follows -- is the command and not its arguments')
    .configureHelp({ sortOptions: false })
}

function addCreate({ command, context }: Group): void {
  const create = command('create', 'run an image as a service; prints its URL')
    .argument('<name>')
    .argument('[words...]', 'after --: arguments for the image')
    .requiredOption('--image <image>', 'a name in the registry, or a full name')
    .addOption(replicas().default(serviceDefaults.replicas))
  withSpec(create)
    .option('--cluster <cluster>', 'where it runs', 'local')
    .addOption(
      new Option('--access <access>', 'who reaches it')
        .choices(['Public', 'Cluster', 'None'])
        .default(serviceDefaults.access),
    )
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .addHelpText(
      'after',
      examples(
        'ccs service create web --image web:1 --port 80:8080 --replicas 2',
        'ccs service create api --image api:3 --port 8080 --readiness http:/health --limits memory=256Mi',
        'ccs service create worker --image jobs:1 --access None -- --queue mail',
      ),
    )
    .action((name, words, options) => createService(context, name, afterDashes(words), options))
}

function addChanges({ command, context }: Group): void {
  const update = command('update', 'change a service; shows what differs, then rolls it out')
    .argument('<name>')
    .argument('[words...]', 'after --: arguments for the image')
    .option('--image <image>', 'the image to run; the same name looks its tag up anew')
    .addOption(replicas())
  withSpec(update)
    .option('--cluster <cluster>', 'move it to another cluster')
    .addOption(
      new Option('--access <access>', 'who reaches it').choices(['Public', 'Cluster', 'None']),
    )
    .addOption(cause())
    .addOption(dryRun())
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .addHelpText(
      'after',
      `\n--port and the words after -- replace all there are; --env changes only those it names.\n` +
        examples(
          'ccs service update web --image web:2 --cause "faster start"',
          'ccs service update web --env COLOR=blue --env OLD- --dry-run',
          'ccs service update web --requests cpu=100m,memory=64Mi --limits none',
        ),
    )
    .action((name, words, options) => updateService(context, name, afterDashes(words), options))
  command('scale', 'change the number of instances')
    .argument('<name>')
    .addOption(replicas().makeOptionMandatory())
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .addHelpText('after', examples('ccs service scale web --replicas 4'))
    .action((name, options) => scaleService(context, name, options))
  command('restart', 'replace all instances one after the other, or one of them')
    .argument('<name>')
    .option('--instance <instance>', 'only this one; the end of its name is enough')
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .addHelpText(
      'after',
      examples('ccs service restart web', 'ccs service restart web --instance x7k2p'),
    )
    .action((name, options) => restartService(context, name, options))
}

function addRevisions({ command, context }: Group): void {
  command('history', 'the revisions of a service, newest first')
    .argument('<name>')
    .addHelpText('after', examples('ccs service history web', 'ccs service rollback web --to 3'))
    .action((name, options) => showHistory(context, name, options))
  command('rollback', 'run an earlier revision again, exactly the bits it ran')
    .argument('<name>')
    .addOption(
      new Option('--to <revision>', 'a number of its history (default: the one before)').argParser(
        integer({ min: 1, max: REVISION_MAX }),
      ),
    )
    .addOption(cause())
    .addOption(dryRun())
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .addHelpText(
      'after',
      `\nA rollback is a new revision. Image, environment, ports, command, resources, readiness, drain and spread go back;\n` +
        `the number of instances, cluster and access stay.\n` +
        examples('ccs service rollback web', 'ccs service rollback web --to 3 --dry-run'),
    )
    .action((name, options) => rollbackService(context, name, options))
}

function addViews({ command, plain, context }: Group): void {
  command('list', 'list services')
    .option('-A, --all-projects', 'of all projects')
    .addHelpText('after', examples('ccs service list', 'ccs service list -A -o json'))
    .action((options) => listServices(context, options))
  command('get', 'show one service, its instances, and why one is not well')
    .argument('<name>')
    .addHelpText('after', examples('ccs service get web', 'ccs service get web -o yaml'))
    .action((name, options) => showService(context, name, options))
  command('events', 'what happened to a service, oldest first')
    .argument('<name>')
    .option('--warnings', 'only what went wrong')
    .addOption(
      new Option('--tail <n>', 'the last so many')
        .argParser(integer({ min: 1, max: EVENTS_MAX }))
        .default(EVENTS_DEFAULT),
    )
    .addHelpText('after', examples('ccs service events web --warnings'))
    .action((name, options) => showEvents(context, name, options))
  plain('logs', 'what the instances of a service have written, as one')
    .argument('<name>')
    .option('-f, --follow', 'go on, also with instances that come later')
    .addOption(
      new Option('--tail <n>', 'the last so many lines of each instance, or all')
        .argParser((text: string) =>
          text === 'all' ? undefined : integer({ min: 0, max: LOG_LINES_MAX })(text),
        )
        .default(LOG_LINES_DEFAULT),
    )
    .option('--since <time>', 'only lines of the last 30s, 5m, 2h, 1d')
    .option('--previous', 'of the containers before the last restart')
    .option('--timestamps', 'with the time of each line')
    .option('--instance <instance>', 'of one instance; the end of its name is enough')
    .addHelpText(
      'after',
      examples(
        'ccs service logs web -f',
        'ccs service logs web --since 10m --timestamps',
        'ccs service logs web --previous --instance x7k2p',
      ),
    )
    .action((name, options) => showLogs(context, name, options))
}

function addExec({ plain, context }: Group): void {
  plain('exec', 'run a command in an instance; ends with its exit code')
    .argument('<name>')
    .argument('<words...>', 'after --: the command and its arguments')
    .option('--instance <instance>', 'in this one; the end of its name is enough')
    .option('-i, --stdin', 'pass on the input of this command')
    .option('-t, --tty', 'with a terminal')
    .addHelpText(
      'after',
      examples(
        'ccs service exec web -- ls /tmp',
        'ccs service exec web -it -- sh',
        'ccs service exec web -i -- tar xf - -C /tmp < files.tar',
      ),
    )
    .action(async (name, words, options) => {
      process.exitCode = await execInService(context, name, words, options)
    })
}

function addDelete({ plain, context }: Group): void {
  plain('delete', 'delete a service, its instances and its history')
    .argument('<name>')
    .addOption(changeOptions.wait)
    .addOption(changeOptions.timeout)
    .addHelpText('after', examples('ccs service delete web'))
    .action((name, options) => deleteService(context, name, options))
}

export function addServiceCommands(program: Command, context: CommandContext): void {
  const group = program.command('service').description('services: images that run as replicas')
  const inProject = (command: Command, about: string) =>
    command.description(about).option('-p, --project <project>', 'the project', DEFAULT_PROJECT)
  const kit: Group = {
    command: (name, about) => inProject(withOutput(group.command(name)), about),
    plain: (name, about) => inProject(withInstance(group.command(name)), about),
    context,
  }
  addCreate(kit)
  addViews(kit)
  addChanges(kit)
  addRevisions(kit)
  addExec(kit)
  addDelete(kit)
}
