// The command `ccs audit`.
import { type Command, Option } from 'commander'
import type { CommandContext } from '../context.ts'
import { collect, examples, integer, withInstance } from '../options.ts'
import { showAudit } from './audit.ts'

const ROWS_MAX = 1_000_000
const ROWS_DEFAULT = 100

export function addAuditCommands(program: Command, context: CommandContext): void {
  withInstance(program.command('audit'))
    .description('who asked what of the API: of the hub and of all clusters, oldest first')
    .option('--cluster <cluster>', 'of one cluster, or of "hub"')
    .option('--user <user>', 'asked by this user, or in their name')
    .option('--verb <verb>', 'create, update, patch, delete, get, ...; repeatable', collect)
    .option('--resource <resource>', 'such as pods, pods/exec or deployments.apps')
    .option('-n, --namespace <namespace>', 'in this namespace')
    .option('--name <name>', 'about the object of this name')
    .option('--changes', 'leave out what only reads')
    .option('--since <time>', 'of the last 30s, 5m, 2h, 1d', '1h')
    .addOption(
      new Option('--tail <n>', 'the last so many')
        .argParser(integer({ min: 1, max: ROWS_MAX }))
        .default(ROWS_DEFAULT),
    )
    .option('-f, --follow', 'go on with what comes')
    .addOption(
      new Option(
        '-o, --output <format>',
        'wide, or the events themselves: json (one a line) or yaml',
      ).choices(['wide', 'json', 'yaml']),
    )
    .addHelpText(
      'after',
      examples(
        'ccs audit --changes --resource deployments --name web --since 2d',
        'ccs audit --cluster local --user ann --verb delete -o wide',
        'ccs audit --resource secrets --follow',
      ),
    )
    .action((options) => showAudit(context, options))
}
