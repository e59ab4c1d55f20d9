import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { collect, examples, withInstance, withOutput } from '../options.ts'
import { DEFAULT_PROJECT } from '../service/find-service.ts'
import { checkRegistry } from './fsck.ts'
import { createProject, deleteProject, listProjects, setProject } from './projects.ts'
import { createRobot, deleteRobot, listRobots, rotateRobot } from './robots.ts'
import { createUser, deleteUser, listUsers, readPassword, setPassword } from './users.ts'

export function addRegistryCommands(program: Command, context: CommandContext): void {
  const group = program.command('registry').description('who may use the images, and how much')
  addProjects(group.command('project').description('projects: tenants and their rules'), context)
  addUsers(group.command('user').description('people who log in'), context)
  withOutput(group.command('fsck'))
    .description('check that all that images need is there and right, while they are used')
    .option('--deep', 'read every byte')
    .option('--repair', 'mend what can be mended')
    .addHelpText('after', examples('ccs registry fsck', 'ccs registry fsck --deep --repair'))
    .action((options) => checkRegistry(context, options))
  addRobots(group.command('robot').description('what pipelines log in as'), context)
}

function addProjects(group: Command, context: CommandContext): void {
  const settings = (command: Command) =>
    withInstance(command)
      .argument('<name>')
      .option('--public', 'everyone may pull')
      .option('--private', 'members only')
      .option('--quota <bytes>', 'what its images may take, such as 10Gi; "none" for no bound')
      .option('--description <text>')
      .option('--member <member>', 'NAME, NAME=ROLE or group:NAME=ROLE; repeatable', collect)
      .option('--immutable <tags>', 'tags that never move, such as "v*"; repeatable', collect)
  withOutput(group.command('list'))
    .description('list projects')
    .action((options) => listProjects(context, options))
  settings(group.command('create'))
    .description('make a project')
    .addHelpText(
      'after',
      examples(
        'ccs registry project create shop --quota 20Gi --member ann=maintainer',
        'ccs registry project create base --public --immutable "v*"',
      ),
    )
    .action((name, options) => createProject(context, name, options))
  settings(group.command('set'))
    .description('change a project')
    .option('--remove-member <member>', 'NAME or group:NAME; repeatable', collect)
    .addHelpText(
      'after',
      examples('ccs registry project set shop --quota 40Gi --remove-member ann'),
    )
    .action((name, options) => setProject(context, name, options))
  withInstance(group.command('delete'))
    .description('delete a project; its images stay')
    .argument('<name>')
    .action((name, options) => deleteProject(context, name, options))
}

function addUsers(group: Command, context: CommandContext): void {
  withOutput(group.command('list'))
    .description('list users')
    .action((options) => listUsers(context, options))
  withInstance(group.command('create'))
    .description('make a user; the password comes by standard input')
    .argument('<name>')
    .option('--admin', 'may do everything in every project')
    .option('--display-name <name>')
    .option('--email <address>')
    .addHelpText('after', examples('ccs registry user create ann < password.txt'))
    .action(async (name, options) =>
      createUser(context, name, options, await readPassword(process.stdin)),
    )
  withInstance(group.command('password'))
    .description('change the password; it comes by standard input')
    .argument('<name>')
    .addHelpText('after', examples('ccs registry user password ann < password.txt'))
    .action(async (name, options) =>
      setPassword(context, name, options, await readPassword(process.stdin)),
    )
  withInstance(group.command('delete'))
    .description('delete a user')
    .argument('<name>')
    .action((name, options) => deleteUser(context, name, options))
}

function addRobots(group: Command, context: CommandContext): void {
  const ofProject = (command: Command) =>
    withOutput(command).option('-p, --project <project>', 'the project', DEFAULT_PROJECT)
  ofProject(group.command('list'))
    .description('list robots of a project')
    .action((options) => listRobots(context, options))
  ofProject(group.command('create'))
    .description('make a robot and show its token, this once')
    .argument('<name>')
    .option('--allow <actions>', 'pull, push, delete, parted by commas', 'pull,push')
    .option('--repositories <pattern>', 'below the project, such as "web/*"', '**')
    .option('--create-only', 'may make tags, but not move or delete one')
    .option('--expires <time>', 'from now, such as 12h or 90d')
    .option('--description <text>')
    .addHelpText(
      'after',
      examples('ccs registry robot create ci -p shop --allow pull,push --expires 90d'),
    )
    .action((name, options) => createRobot(context, name, options))
  ofProject(group.command('rotate'))
    .description('give a robot a new token; the old one is worthless then')
    .argument('<name>')
    .action((name, options) => rotateRobot(context, name, options))
  ofProject(group.command('delete'))
    .description('delete a robot; its token is worthless at once')
    .argument('<name>')
    .action((name, options) => deleteRobot(context, name, options))
}
