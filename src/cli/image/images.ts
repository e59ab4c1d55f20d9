// `ccs image tags|inspect|delete|gc|trash`: what is in the registry, and taking it away.
import { rfc3339 } from '#base/clock.ts'
import {
  type CommandContext,
  type CommonOptions,
  findInstance,
  outputFormat,
  show,
} from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderAge, renderBytes, renderValue } from '../output.ts'
import { qualify } from './build.ts'
import { type RegistryAccess, registryAccess, registryCall, registryList } from './registry-api.ts'

export interface ImageOptions extends CommonOptions {
  project: string
}

interface Tag {
  tag: string
  digest: string
  size: number
  pushedAt: string
  platforms: string[]
}

const DIGEST_SHOWN = 19

const accessOf = (options: CommonOptions): RegistryAccess => registryAccess(findInstance(options))

export async function listTags(
  context: CommandContext,
  name: string,
  options: ImageOptions,
): Promise<void> {
  const { repository } = qualify(options.project, name)
  const project = repository.slice(0, repository.indexOf('/'))
  const access = accessOf(options)
  const repositories = await registryList<{ name: string; tags: Tag[] }>(
    access,
    `/ccs/v1/repositories?project=${project}`,
  )
  const found = repositories.find((one) => one.name === repository)
  if (found === undefined) throw new Failure(`there is no repository ${repository}`, EXIT.notFound)
  const now = context.clock.now()
  show(context, options, {
    columns: [
      { title: 'TAG', value: (t: Tag) => t.tag },
      { title: 'DIGEST', value: (t) => t.digest.slice(0, DIGEST_SHOWN) },
      { title: 'SIZE', value: (t) => renderBytes(t.size) },
      { title: 'PLATFORMS', value: (t) => t.platforms.join(',') },
      { title: 'PUSHED', value: (t) => `${renderAge(t.pushedAt, now)} ago` },
    ],
    rows: found.tags,
    value: found.tags,
    empty: `${repository} has no tags`,
  })
}

export async function inspectImage(
  context: CommandContext,
  name: string,
  options: ImageOptions,
): Promise<void> {
  const { repository, reference } = referenceOf(name, options)
  const answer = await registryCall(accessOf(options), `/v2/${repository}/manifests/${reference}`)
  const value = {
    name: repository,
    digest: answer.headers.get('docker-content-digest'),
    mediaType: answer.headers.get('content-type'),
    manifest: (await answer.json()) as unknown,
  }
  const format = outputFormat(options)
  context.print(renderValue(value, format === 'table' ? 'yaml' : format))
}

/** By tag the tag alone; by digest the image with all its tags, into the trash. */
export async function deleteImage(
  context: CommandContext,
  name: string,
  options: ImageOptions,
): Promise<void> {
  const { repository, reference } = referenceOf(name, options)
  await registryCall(accessOf(options), `/v2/${repository}/manifests/${reference}`, 'DELETE')
  context.print(
    reference.includes(':')
      ? `${repository}@${reference} is in the trash; 'ccs image trash list' shows until when`
      : `the tag ${repository}:${reference} is gone; its image stays, by its digest`,
  )
}

function referenceOf(name: string, options: ImageOptions) {
  const [before, digest] = name.split('@', 2) as [string, string | undefined]
  const { repository, tag } = qualify(options.project, before)
  return { repository, reference: digest ?? tag }
}

interface TrashEntry {
  id: number
  repository: string
  digest: string
  tags: string[]
  size: number
  deletedAt: string
  deletedBy: string
  purgedAfter: string
}

export async function listTrash(
  context: CommandContext,
  options: CommonOptions & { project?: string },
): Promise<void> {
  const query = options.project === undefined ? '' : `?project=${options.project}`
  const rows = await registryList<TrashEntry>(accessOf(options), `/ccs/v1/trash${query}`)
  const now = context.clock.now()
  show(context, options, {
    columns: [
      { title: 'ID', value: (t: TrashEntry) => String(t.id) },
      { title: 'REPOSITORY', value: (t) => t.repository },
      { title: 'TAGS', value: (t) => t.tags.join(',') },
      { title: 'DIGEST', value: (t) => t.digest.slice(0, DIGEST_SHOWN) },
      { title: 'SIZE', value: (t) => renderBytes(t.size) },
      { title: 'DELETED', value: (t) => `${renderAge(t.deletedAt, now)} ago by ${t.deletedBy}` },
      { title: 'UNTIL', value: (t) => t.purgedAfter },
    ],
    rows,
    value: rows,
    empty: 'The trash is empty.',
  })
}

export async function restoreTrash(
  context: CommandContext,
  id: string,
  options: CommonOptions,
): Promise<void> {
  const answer = await registryCall(accessOf(options), `/ccs/v1/trash/${checkId(id)}`, 'POST')
  const restored = (await answer.json()) as {
    repository: string
    digest: string
    tags: string[]
    taken: string[]
  }
  context.print(
    `${restored.repository}@${restored.digest} is back, tagged ${restored.tags.join(', ') || 'nothing'}`,
  )
  for (const tag of restored.taken)
    context.say(`The tag ${tag} means another image by now, and goes on to.`)
}

export async function purgeTrash(
  context: CommandContext,
  id: string,
  options: CommonOptions,
): Promise<void> {
  await registryCall(accessOf(options), `/ccs/v1/trash/${checkId(id)}`, 'DELETE')
  context.print(`${id} is purged; its bytes go with the next collection`)
}

function checkId(id: string): string {
  if (/^\d{1,15}$/.test(id)) return id
  throw new Failure(`"${id}" is no id; 'ccs image trash list' shows them`, EXIT.usage)
}

/** Collection runs by itself every minute; this is for whoever waits for room. */
export async function collectGarbage(
  context: CommandContext,
  options: CommonOptions,
): Promise<void> {
  const answer = await registryCall(accessOf(options), '/ccs/v1/collect', 'POST')
  const done = (await answer.json()) as {
    blobs: number
    bytes: number
    purged: number
    waiting: number
  }
  const format = outputFormat(options)
  if (format !== 'table') return context.print(renderValue(done, format))
  const { blobs, bytes, purged, waiting } = done
  context.print(
    `${rfc3339(context.clock.now())}  ${blobs} blobs with ${renderBytes(bytes)} removed, ${purged} of the trash purged, ${waiting} to be looked at later`,
  )
}
