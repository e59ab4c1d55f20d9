// Who manages which fields of an object: metadata.managedFields, read and written.
import type { ManagedFieldsEntry } from '#kinds/k8s/meta.ts'
import { type FieldTree, isFieldTree, union } from './field-tree.ts'

export interface Manager {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  /** Empty for the object itself. */
  subresource: string
  time: string | undefined
  fields: FieldTree
}

/** By identity: one who applies is the same in every version, one who updates is not. */
export type Managers = ReadonlyMap<string, Manager>

export type ManagerName = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>

export const NO_MANAGERS: Managers = new Map()

/** Managers that only update: more than these, and the oldest become one. */
const UPDATERS_MAX = 10
const ANCIENT = 'ancient-changes'
const FIELDS_DEPTH_MAX = 200

export const identityOf = ({ manager, operation, apiVersion, subresource }: ManagerName): string =>
  JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource])

/** Undefined when the entries cannot be read. */
export function readManagers(
  entries: readonly ManagedFieldsEntry[] | undefined,
): Managers | undefined {
  const found = new Map<string, Manager>()
  for (const entry of entries ?? []) {
    const { manager = '', operation, apiVersion = '', subresource = '', time } = entry
    if (operation !== 'Apply' && operation !== 'Update') return undefined
    const fields: unknown = entry.fieldsV1 ?? {}
    if (entry.fieldsType !== 'FieldsV1' || !isFieldTree(fields, FIELDS_DEPTH_MAX)) return undefined
    const one: Manager = { manager, operation, apiVersion, subresource, time, fields }
    const id = identityOf(one)
    const same = found.get(id)
    found.set(id, same === undefined ? one : { ...one, fields: union(same.fields, fields)! })
  }
  return found
}

/** `[]` and `[{}]` are how a client asks to forget all managers. */
export const isReset = (entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  entries !== undefined &&
  (entries.length === 0 || (entries.length === 1 && Object.keys(entries[0]!).length === 0))

/** Undefined when there are none. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined
  return [...managers.values()].toSorted(byOrder).map((one) => {
    const { manager, operation, apiVersion, subresource, time, fields } = one
    return {
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: fields,
      ...(subresource === '' ? {} : { subresource }),
    }
  })
}

function byOrder(a: Manager, b: Manager): number {
  for (const key of ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const) {
    const [one, other] = [a[key] ?? '', b[key] ?? '']
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

/** Joins the managers that have not updated the object for longest, when there are many. */
export function cappedManagers(managers: Managers): Managers {
  const updaters = [...managers.values()].filter(({ operation }) => operation === 'Update')
  const excess = updaters.length - UPDATERS_MAX
  if (excess <= 0) return managers
  const capped = new Map(managers)
  const oldest = updaters.toSorted(byOrder)
  // Each joint manager of a version takes the place of one of its own.
  for (const one of oldest) {
    if (capped.size - (managers.size - updaters.length) <= UPDATERS_MAX) break
    const { apiVersion, time, fields } = one
    const joint: Manager = {
      manager: ANCIENT,
      operation: 'Update',
      apiVersion,
      subresource: '',
      time,
      fields,
    }
    const id = identityOf(joint)
    if (identityOf(one) === id) continue
    const earlier = capped.get(id)
    capped.delete(identityOf(one))
    capped.set(
      id,
      earlier === undefined ? joint : { ...joint, fields: union(earlier.fields, fields)! },
    )
  }
  return capped
}
