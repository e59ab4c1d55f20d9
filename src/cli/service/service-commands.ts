import { type Command, Option } from 'commander'
import type { CommandContext } from '../context.ts'
import { changeOptions, collect, integer, withInstance, withOutput } from '../options.ts'
import { deleteService, scaleService, updateService } from './change.ts'
import { createService } from './create.ts'
import { DEFAULT_PROJECT } from './service-view.ts'
import { listServices, showService } from './show.ts'

export function addServiceCommands(program: Command, context: CommandContext): void {
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
