// How the fields of an object pass from one manager to another.
import type { KubeObject } from '#kinds/object.ts'
import type { ResourceRegistry, ServedResource } from '../resources.ts'
import { type Changes, compare, touched } from './compare.ts'
import { difference, type FieldTree, intersection, recursiveDifference } from './field-tree.ts'
import type { Manager, Managers } from './managers.ts'
import { ignoredFields, inVersion, manageableIn, typeOf } from './typed-object.ts'

export interface Step {
  resources: ResourceRegistry
  /** In the version of the request. */
  resource: ServedResource
  subresource: string | undefined
  /** As stored; undefined when it is new. */
  live: KubeObject | undefined
  /** As it is to be stored. */
  next: KubeObject
}

/** What the step changes, in one of the versions. */
export function changesIn(step: Step, resource: ServedResource): Changes {
  const { subresource, live, next } = step
  const ignored = ignoredFields(resource, subresource)
  const before = live === undefined ? {} : manageableIn(resource, live)
  const { added, modified, removed } = compare(
    typeOf(resource),
    before,
    manageableIn(resource, next),
  )
  return {
    added: recursiveDifference(added, ignored),
    modified: recursiveDifference(modified, ignored),
    removed: recursiveDifference(removed, ignored),
  }
}

export interface Handover {
  /** Without what the others have lost. */
  managers: Map<string, Manager>
  /** What they lost to a change, by identity; what was removed is lost without a conflict. */
  conflicts: Map<string, FieldTree>
}

/**
 * Takes from all but `id` what the step changes. Managers of versions that are gone go too. `own` is what it
 * changes in the version of the request.
 */
export function handOver(
  step: Step,
  managers: Managers,
  { id, own }: { id?: string; own: Changes },
): Handover {
  const left = new Map<string, Manager>()
  const conflicts = new Map<string, FieldTree>()
  const known = new Map([[step.resource.apiVersion, own]])
  for (const [other, manager] of managers) {
    if (other === id) {
      left.set(other, manager)
      continue
    }
    const form = inVersion(step.resources, step.resource, manager.apiVersion)
    if (form === undefined) continue
    const changes = known.get(manager.apiVersion) ?? changesIn(step, form)
    known.set(manager.apiVersion, changes)
    const lost = intersection(manager.fields, touched(changes))
    if (lost !== undefined) conflicts.set(other, lost)
    const fields = difference(difference(manager.fields, lost), changes.removed)
    if (fields !== undefined && Object.keys(fields).length > 0)
      left.set(other, { ...manager, fields })
  }
  return { managers: left, conflicts }
}
