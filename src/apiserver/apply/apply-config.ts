// Server-side apply: what an object becomes when one manager says what it wants of it, and who manages what
// then. Rules: "Server-Side Apply" in Kubernetes' documentation.
import type { ManagedFieldsEntry } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { changesIn, handOver, type Step } from './claim.ts'
import { applyConflict } from './conflict-error.ts'
import { difference, type FieldTree, LEAF, recursiveDifference, union } from './field-tree.ts'
import { fieldsOf } from './fields-of.ts'
import {
  identityOf,
  type Manager,
  type ManagerName,
  type Managers,
  writeManagers,
} from './managers.ts'
import { handedOver, KUBECTL, withLastApplied } from './last-applied.ts'
import { merge } from './merge.ts'
import { prune } from './prune.ts'
import { startManagers } from './start-managers.ts'
import type { Writer } from './track-update.ts'
import { ignoredFields, inVersion, manageable, typeOf } from './typed-object.ts'

/** The object of an apply before there is a new one. */
export type Place = Omit<Step, 'next'>

export interface Application {
  /** What the manager wants, as it was sent: checked, neither pruned nor defaulted. */
  config: Record<string, unknown>
  /** Takes what others manage. */
  force: boolean
  writer: Writer
}

export interface Applied {
  /** In the version of the request, not defaulted, without managed fields. */
  object: Record<string, unknown>
  managedFields: ManagedFieldsEntry[] | undefined
}

/**
 * `read` makes a stored object of one in the version of the request. Throws a Conflict when others manage
 * what would change.
 */
export function applyConfig(
  place: Place & { shown: (object: KubeObject) => KubeObject },
  { config, force, writer }: Application,
  read: (object: Record<string, unknown>) => KubeObject,
): Applied {
  const { resource, live, subresource = '' } = place
  const type = typeOf(resource)
  const name: ManagerName = {
    manager: writer.manager,
    operation: 'Apply',
    apiVersion: resource.apiVersion,
    subresource,
  }
  const id = identityOf(name)
  const before = startManagers(place, writer)
  const last = before.get(id)
  const ignored = ignoredFields(resource, place.subresource)
  const wanted = recursiveDifference(fieldsOf(type, manageable(config)), ignored)
  const mine: Manager = { ...name, time: last?.time, fields: wanted ?? LEAF }
  const managers = new Map(before).set(id, mine)

  const base = live === undefined ? startOf(config) : withoutManaged(place.shown(live))
  const merged = merge(type, base, config) as Record<string, unknown>
  const pruned = removeDropped({ place, merged, managers, last }, read)
  const next = read(pruned)
  const step = { ...place, next }
  const own = changesIn(step, resource)
  const { managers: left, conflicts } = handOver(step, managers, { id, own })
  if (conflicts.size > 0 && !force) {
    const isKubectl = writer.manager === KUBECTL && live !== undefined
    const allowed = isKubectl ? handedOver(type, place.shown(live)) : undefined
    const refused = withoutAllowed(conflicts, allowed)
    if (refused.size > 0) throw applyConflict(managers, refused)
  }
  // What changes nothing of the object keeps its time.
  const isSame =
    live !== undefined && last !== undefined && deepEqual(manageable(next), manageable(live))
  const time = (isSame ? last.time : undefined) ?? writer.time
  if (wanted === undefined) left.delete(id)
  else left.set(id, { ...mine, time })
  const object = writer.manager === KUBECTL ? withLastApplied(pruned, config) : pruned
  return { object, managedFields: writeManagers(left) }
}

function withoutAllowed(
  conflicts: ReadonlyMap<string, FieldTree>,
  allowed: FieldTree | undefined,
): ReadonlyMap<string, FieldTree> {
  const left = [...conflicts].map(([id, fields]) => [id, difference(fields, allowed)] as const)
  return new Map(left.flatMap(([id, fields]) => (fields === undefined ? [] : [[id, fields]])))
}

interface Dropping {
  place: Place
  merged: Record<string, unknown>
  managers: Managers
  last: Manager | undefined
}

/** What was applied last time in another version is looked for in that version. */
function removeDropped(
  { place, merged, managers, last }: Dropping,
  read: (object: Record<string, unknown>) => KubeObject,
): Record<string, unknown> {
  if (last === undefined || Object.keys(last.fields).length === 0) return merged
  const { resource, resources } = place
  const form = inVersion(resources, resource, last.apiVersion)
  if (form === undefined) return merged
  const managed = [...managers.values()]
    .filter(({ apiVersion }) => apiVersion === last.apiVersion)
    .map(({ fields }) => fields)
    .reduce<FieldTree | undefined>((all, fields) => union(all, fields), undefined)
  const ownership = { last: last.fields, managed }
  if (form === resource) return prune(typeOf(resource), merged, ownership) as typeof merged
  const stored = read(merged)
  const shownAs = form.form?.fromStored(stored) ?? stored
  const left = prune(typeOf(form), shownAs, ownership) as unknown as KubeObject
  const back = form.form?.toStored(left) ?? left
  return (resource.form?.fromStored(back) ?? back) as unknown as Record<string, unknown>
}

const startOf = ({ apiVersion, kind }: Record<string, unknown>) => ({
  apiVersion,
  kind,
  metadata: {},
})

function withoutManaged(object: KubeObject): Record<string, unknown> {
  const { managedFields: _managed, ...metadata } = object.metadata
  return { ...object, metadata }
}
