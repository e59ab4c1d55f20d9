import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { examples, withInstance } from '../options.ts'
import { backupCluster, restoreCluster } from './backup.ts'
import { rotateKey } from './rotate-key.ts'

export function addClusterCommands(program: Command, context: CommandContext): void {
  const group = program.command('cluster').description('what the API of a cluster holds')
  withInstance(group.command('backup'))
    .description('copy it to a file while it is used, and check the copy')
    .argument('<name>', 'a cluster, or "hub"')
    .argument('<file>')
    .option('--force', 'overwrite the file')
    .addHelpText('after', examples('ccs cluster backup local /backup/local.db'))
    .action((name, file, options) => backupCluster(context, name, file, options))
  withInstance(group.command('restore'))
    .description('put a backup in its place; ccs must be stopped')
    .argument('<name>', 'a cluster, or "hub"')
    .argument('<file>')
    .option('--force', 'replace what is there; that is kept beside it')
    .addHelpText('after', examples('ccs cluster restore local /backup/local.db --force'))
    .action((name, file, options) => restoreCluster(context, name, file, options))
  withInstance(group.command('rotate-key'))
    .description('encrypt the Secrets of all clusters with a new key')
    .addHelpText('after', examples('ccs cluster rotate-key'))
    .action((options) => rotateKey(context, options))
}
