// `ccs service history` and `ccs service rollback`.
import type { Client } from '#client/types.ts'
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import { digestOf, shortImage, withDigest } from '#kinds/ccs/image-name.ts'
import {
  REVISION_OF,
  type ServiceRevision,
  serviceRevisions,
  templateOf,
  templatePatch,
} from '#kinds/ccs/service-revision.ts'
import { specChanges } from '#kinds/ccs/spec-changes.ts'
import { isControlledBy } from '#kinds/meta.ts'
import { type CommandContext, show } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderAge } from '../output.ts'
import { type ChangeOptions, makeChange, previewed } from './change.ts'
import { findService, type ServiceOptions } from './find-service.ts'

const DIGEST_SHOWN = 19

/** Newest first. */
async function revisionsOf(client: Client, service: ContainerService): Promise<ServiceRevision[]> {
  const { name, namespace } = service.metadata
  const { items } = await client
    .resource(serviceRevisions)
    .list({ namespace, labelSelector: `${REVISION_OF}=${name}` })
  return items
    .filter((revision) => isControlledBy(revision, service))
    .toSorted((a, b) => b.spec.revision - a.spec.revision)
}

export async function showHistory(
  context: CommandContext,
  name: string,
  options: ServiceOptions,
): Promise<void> {
  const { client, service } = await findService(name, options)
  const rows = await revisionsOf(client, service)
  const current = service.status?.revision
  const now = context.clock.now()
  show(context, options, {
    columns: [
      {
        title: 'REVISION',
        value: ({ spec }: ServiceRevision) =>
          `${spec.revision}${spec.revision === current ? ' (current)' : ''}`,
      },
      { title: 'IMAGE', value: ({ spec }) => shortImage(spec.image) },
      {
        title: 'DIGEST',
        value: ({ spec }) => digestOf(spec.resolvedImage)?.slice(0, DIGEST_SHOWN) ?? '<none>',
      },
      { title: 'AGE', value: ({ metadata }) => renderAge(metadata.creationTimestamp, now) },
      { title: 'BY', value: ({ spec }) => spec.changedBy ?? '<unknown>' },
      { title: 'CHANGE', value: ({ spec }) => spec.cause ?? spec.changes?.join(', ') },
    ],
    rows,
    value: rows,
    empty: `Service "${name}" has no revision yet. 'ccs service get ${name}' says why.`,
  })
}

/** The revision to go back to: the one named, or the one before that which runs. */
function targetOf(
  service: ContainerService,
  revisions: readonly ServiceRevision[],
  wanted: number | undefined,
): ServiceRevision {
  const { name } = service.metadata
  const current = service.status?.revision
  const numbers = revisions.map(({ spec }) => spec.revision)
  if (wanted === undefined) {
    const before = revisions.find(({ spec }) => current === undefined || spec.revision < current)
    if (before !== undefined) return before
    throw new Failure(
      `service "${name}" has no revision before ${current === undefined ? 'this' : `revision ${current}`}. ` +
        `'ccs service history ${name}' shows those there are`,
    )
  }
  const found = revisions.find(({ spec }) => spec.revision === wanted)
  if (found !== undefined) return found
  throw new Failure(
    `service "${name}" has no revision ${wanted}; there are: ${numbers.toReversed().join(', ') || 'none'}`,
    EXIT.notFound,
  )
}

/** Named so that exactly the bits of that time run, even if the tag was moved since. */
function imageOf({ spec }: ServiceRevision): string {
  const digest = digestOf(spec.resolvedImage)
  return digest === undefined ? spec.image : withDigest(spec.image, digest)
}

export async function rollbackService(
  context: CommandContext,
  name: string,
  options: ChangeOptions & { to?: number },
): Promise<void> {
  const found = await findService(name, options)
  const { service } = found
  const revisions = await revisionsOf(found.client, service)
  const target = targetOf(service, revisions, options.to)
  const { revision, template } = target.spec
  const current = revisions.find(({ spec }) => spec.revision === service.status?.revision)
  const image = imageOf(target)
  const changes = specChanges(
    {
      image: current === undefined ? service.spec.image : imageOf(current),
      ...templateOf(service.spec),
    },
    { image, ...template },
  )
  context.say(`service "${name}" back to revision ${revision}:`)
  if (previewed(context, options, name, changes)) return
  // A wish that failed, such as an image that is not there, is taken back even if nothing runs differently.
  if (changes.length === 0 && service.status?.phase !== 'Failed') {
    context.say(`  it runs the same as revision ${revision}; nothing was changed`)
    return
  }
  const after = await makeChange(
    context,
    found,
    { ...options, cause: options.cause ?? `rollback to revision ${revision}` },
    { spec: { image, ...templatePatch(template) } },
  )
  const now = options.wait ? ` as revision ${after.status?.revision}` : ''
  context.say(
    `service "${name}" ${options.wait ? 'runs' : 'goes back to'} what revision ${revision} was${now}`,
  )
}
