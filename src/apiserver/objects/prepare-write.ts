import type { KubeObject } from '#kinds/object.ts'
import type { Subresource } from '#kinds/definition.ts'
import type { Draft } from '../context.ts'
import type { ServedResource } from '../resources.ts'

/** Lets the kind decide what a write may change, or does what holds for most kinds. */
export function prepareWrite(
  resource: ServedResource,
  draft: Draft,
  old: KubeObject | undefined,
  subresource: string | undefined,
): void {
  const { definition } = resource
  if (definition.prepare !== undefined)
    definition.prepare(draft, old, subresource as Subresource | undefined)
  else if (definition.subresources.includes('status')) separateStatus(draft, old, subresource)
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
