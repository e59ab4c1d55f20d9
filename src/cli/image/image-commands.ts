import type { Command } from 'commander'
import { type CommandContext, outputFormat } from '../context.ts'
import { renderValue } from '../output.ts'
import { examples, withOutput } from '../options.ts'
import { DEFAULT_PROJECT } from '../service/find-service.ts'
import { buildImage, type BuildOptions } from './build.ts'
import { listImages } from './list.ts'

export function addImageCommands(program: Command, context: CommandContext): void {
  const group = program.command('image').description('images in the registry')
  withOutput(group.command('build'))
    .description('build a directory with its Dockerfile and push the image to the registry')
    .argument('<dir>', 'the directory')
    .requiredOption('-t, --tag <name>', 'NAME[:TAG], in the project unless it has a slash')
    .option('-p, --project <project>', 'the project', DEFAULT_PROJECT)
    .option('-f, --file <dockerfile>', 'another Dockerfile in the directory')
    .option('-q, --quiet', 'only the name of the image')
    .addHelpText(
      'after',
      examples('ccs image build . -t web:1', 'ccs image build src -t team/api:2 -f Containerfile'),
    )
    .action(async (directory: string, options: BuildOptions) => {
      const image = await buildImage(context, directory, options)
      const format = outputFormat(options)
      context.print(format === 'table' ? image : renderValue({ image }, format))
    })
  withOutput(group.command('list'))
    .description('list images')
    .option('-p, --project <project>', 'of one project')
    .addHelpText('after', examples('ccs image list', 'ccs image list -p team -o json'))
    .action((options) => listImages(context, options))
}
