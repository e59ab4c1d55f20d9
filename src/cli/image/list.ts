import type { CommandContext, CommonOptions } from '../context.ts'
import { findInstance, show } from '../context.ts'
import { checkName } from '../service/find-service.ts'
import { renderAge, renderBytes } from '../output.ts'
import { registryAccess, registryList } from './registry-api.ts'

interface Tag {
  tag: string
  digest: string
  size: number
  pushedAt: string
}

interface Repository {
  name: string
  tags: Tag[]
}

export interface ImageListOptions extends CommonOptions {
  project?: string
}

const DIGEST_SHOWN = 19

export async function listImages(
  context: CommandContext,
  options: ImageListOptions,
): Promise<void> {
  if (options.project !== undefined) checkName('project', options.project)
  const access = registryAccess(findInstance(options))
  const query =
    options.project === undefined ? '' : `?project=${encodeURIComponent(options.project)}`
  const repositories = await registryList<Repository>(access, `/ccs/v1/repositories${query}`)
  const rows = repositories.flatMap(({ name, tags }) => tags.map((tag) => ({ name, ...tag })))
  const now = context.clock.now()
  show(context, options, {
    columns: [
      { title: 'REPOSITORY', value: (r: Tag & { name: string }) => r.name },
      { title: 'TAG', value: (r) => r.tag },
      { title: 'DIGEST', value: (r) => r.digest.slice(0, DIGEST_SHOWN) },
      { title: 'SIZE', value: (r) => renderBytes(r.size) },
      { title: 'PUSHED', value: (r) => `${renderAge(r.pushedAt, now)} ago` },
    ],
    rows,
    value: repositories,
    empty:
      options.project === undefined
        ? "No images yet. Build one with 'ccs image build DIR -t NAME'."
        : `No images in project "${options.project}". Build one with 'ccs image build DIR -t NAME -p ${options.project}'.`,
  })
}
