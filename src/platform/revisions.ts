// Pure: which revision of a service runs, and whether its spec asks for a new one.
import { isDeepStrictEqual } from 'node:util'
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { containerServices } from '#kinds/ccs/container-service.ts'
import { serviceLimits } from '#kinds/ccs/limits.ts'
import { serviceAnnotations } from '#kinds/ccs/service-annotations.ts'
import {
  REVISION_OF,
  revisionName,
  type ServiceRevision,
  TEMPLATE_FIELDS,
  templateOf,
} from '#kinds/ccs/service-revision.ts'
import { specChanges, summarize } from '#kinds/ccs/spec-changes.ts'
import { controllerReference, isControlledBy } from '#kinds/meta.ts'

const CHANGES_MAX = 64

/** Newest first. Those of a service of the same name that is gone are not its own. */
export function revisionsOf(
  service: ContainerService,
  all: readonly ServiceRevision[],
): ServiceRevision[] {
  return all
    .filter((revision) => isControlledBy(revision, service))
    .toSorted((a, b) => b.spec.revision - a.spec.revision)
}

function changesSince(service: ContainerService, before: ServiceRevision | undefined): string[] {
  if (before === undefined) return ['created']
  const after = { image: service.spec.image, ...templateOf(service.spec) }
  const changes = specChanges({ image: before.spec.image, ...before.spec.template }, after)
  // The same name and other bits: its tag was moved.
  if (changes.length === 0) return [`image ${service.spec.image} looked up anew`]
  return changes.slice(0, CHANGES_MAX).map(summarize)
}

const emptied = Object.fromEntries(TEMPLATE_FIELDS.map((field) => [field, undefined]))

/** The user's words stay on the service; they are of this change only when no earlier one had them. */
function causeOf(service: ContainerService, existing: readonly ServiceRevision[]) {
  const cause = service.metadata.annotations?.[serviceAnnotations.changeCause]
  return existing.some(({ spec }) => spec.cause === cause) ? undefined : cause
}

/** The revision that the service asks for: the newest there is, or one to be written. */
export function wantedRevision(
  service: ContainerService,
  resolvedImage: string,
  existing: readonly ServiceRevision[],
): { revision: ServiceRevision; isNew: boolean } {
  const [newest] = existing
  const template = templateOf(service.spec)
  const isSame =
    newest?.spec.resolvedImage === resolvedImage &&
    // As today's defaults fill it: a record of an older ccs may lack a field.
    isDeepStrictEqual(
      templateOf({ ...service.spec, ...emptied, ...newest.spec.template }),
      template,
    )
  if (isSame) return { revision: newest, isNew: false }
  const number = (newest?.spec.revision ?? 0) + 1
  const cause = causeOf(service, existing)
  const changedBy = service.metadata.annotations?.[serviceAnnotations.changedBy]
  const { name, namespace } = service.metadata
  const revision: ServiceRevision = {
    apiVersion: CCS_API_VERSION,
    kind: 'ServiceRevision',
    metadata: {
      name: revisionName(name, number),
      namespace: namespace!,
      labels: { [REVISION_OF]: name },
      ownerReferences: [controllerReference(service, containerServices)],
    },
    spec: {
      service: name,
      revision: number,
      image: service.spec.image,
      resolvedImage,
      template,
      changes: changesSince(service, newest),
      ...(cause === undefined ? {} : { cause }),
      ...(changedBy === undefined ? {} : { changedBy }),
    },
  }
  return { revision, isNew: true }
}

/** The oldest ones beyond the limit; never the newest. */
export function surplusRevisions(existing: readonly ServiceRevision[]): ServiceRevision[] {
  return existing.slice(serviceLimits.revisionsMax)
}
