import type { Command } from 'commander'
import { type CommandContext, outputFormat } from '../context.ts'
import { renderValue } from '../output.ts'
import { examples, withInstance, withOutput } from '../options.ts'
import { DEFAULT_PROJECT } from '../service/find-service.ts'
import { buildImage, type BuildOptions } from './build.ts'
import {
  collectGarbage,
  deleteImage,
  inspectImage,
  listTags,
  listTrash,
  purgeTrash,
  restoreTrash,
} from './images.ts'
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
  addContentCommands(group, context)
}

function addContentCommands(group: Command, context: CommandContext): void {
  const named = (name: string, about: string) =>
    withOutput(group.command(name))
      .description(about)
      .argument('<name>', 'NAME[:TAG] or NAME@DIGEST, in the project unless it has a slash')
      .option('-p, --project <project>', 'the project', DEFAULT_PROJECT)
  named('tags', 'list the tags of a repository').action((name, options) =>
    listTags(context, name, options),
  )
  named('inspect', 'show the manifest of an image').action((name, options) =>
    inspectImage(context, name, options),
  )
  named('delete', 'take a tag away, or an image by its digest')
    .addHelpText('after', examples('ccs image delete web:1', 'ccs image delete web@sha256:...'))
    .action((name, options) => deleteImage(context, name, options))
  withOutput(group.command('gc'))
    .description('collect now what nothing needs any more')
    .action((options) => collectGarbage(context, options))
  const trash = group.command('trash').description('deleted images that can be had back')
  withOutput(trash.command('list'))
    .description('list them')
    .option('-p, --project <project>', 'of one project')
    .action((options) => listTrash(context, options))
  withInstance(trash.command('restore'))
    .description('have one back, with its tags')
    .argument('<id>')
    .action((id, options) => restoreTrash(context, id, options))
  withInstance(trash.command('purge'))
    .description('end one for good')
    .argument('<id>')
    .action((id, options) => purgeTrash(context, id, options))
}
