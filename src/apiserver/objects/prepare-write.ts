import type { Clock } from '#base/clock.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { UserInfo } from '#base/api-call.ts'
import type { Subresource } from '#kinds/definition.ts'
import type { Draft } from '../context.ts'
import type { ServedResource } from '../resources.ts'

export interface WriteToPrepare {
  draft: Draft
  /** What is there; undefined for a new object. */
  old: KubeObject | undefined
  subresource: string | undefined
  user: UserInfo
}

/** Lets the kind decide what a write may change, or does what holds for most kinds. */
export function prepareWrite(
  { clock }: { clock: Clock },
  { definition }: ServedResource,
  { draft, old, subresource, user }: WriteToPrepare,
): void {
  if (definition.prepare !== undefined)
    definition.prepare(draft, old, subresource as Subresource | undefined, {
      user,
      now: clock.now(),
    })
  else if (definition.subresources.includes('status')) separateStatus(draft, old, subresource)
  definition.stamp?.(draft, old, clock.now())
}

function separateStatus(
  draft: Draft,
  old: KubeObject | undefined,
  subresource: string | undefined,
): void {
  if (subresource === 'status' && old !== undefined) {
    const { status, metadata } = draft
    for (const key of Object.keys(draft)) delete (draft as Record<string, unknown>)[key]
    Object.assign(draft, structuredClone(old))
    draft.metadata.resourceVersion = metadata.resourceVersion
    if (status === undefined) delete draft['status']
    else draft['status'] = status
    return
  }
  const status = (old as Draft | undefined)?.['status']
  if (status === undefined) delete draft['status']
  else draft['status'] = structuredClone(status)
}
