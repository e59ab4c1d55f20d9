// What differs between two states of an object, as sets of fields.
import { deepEqual } from '#kinds/validate/equal.ts'
import { isRecord } from '../body.ts'
import { type FieldTree, LEAF, treeOf, union } from './field-tree.ts'
import { shapeOf } from './fields-of.ts'
import { byElement } from './list-items.ts'
import type { ListType, MapType, ValueType } from './value-type.ts'

export interface Changes {
  added: FieldTree | undefined
  modified: FieldTree | undefined
  removed: FieldTree | undefined
}

export const NO_CHANGES: Changes = { added: undefined, modified: undefined, removed: undefined }

const isNothing = (value: unknown): boolean => value === undefined || value === null

export function compare(type: ValueType, before: unknown, after: unknown): Changes {
  if (before === after || (isNothing(before) && isNothing(after))) return NO_CHANGES
  const shape = isNothing(before) ? shapeOf(type, after) : shapeOf(type, before)
  const isLeaf = shape === 'leaf' || (isEmpty(before) && isEmpty(after)) || !sameForm(before, after)
  if (isLeaf) return leaf(before, after)
  const below =
    shape.kind === 'map'
      ? compareMaps(shape, before as Fields, after as Fields)
      : compareLists(shape, before as unknown[], after as unknown[])
  return below(before === undefined || before === null, after === undefined || after === null)
}

function leaf(before: unknown, after: unknown): Changes {
  if (isNothing(before)) return { ...NO_CHANGES, added: LEAF }
  if (isNothing(after)) return { ...NO_CHANGES, removed: LEAF }
  return deepEqual(before, after) ? NO_CHANGES : { ...NO_CHANGES, modified: LEAF }
}

type Fields = Record<string, unknown> | undefined | null

const isEmpty = (value: unknown): boolean =>
  isNothing(value) ||
  (Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0)

const sameForm = (before: unknown, after: unknown): boolean =>
  isNothing(before) ||
  isNothing(after) ||
  (Array.isArray(before) === Array.isArray(after) && isRecord(before) === isRecord(after))

/** Collects the changes below one value; what is new or gone as a whole is a member itself. */
class Collector {
  readonly #added: Record<string, FieldTree> = {}
  readonly #modified: Record<string, FieldTree> = {}
  readonly #removed: Record<string, FieldTree> = {}

  add(element: string, { added, modified, removed }: Changes): void {
    if (added !== undefined) this.#added[element] = added
    if (modified !== undefined) this.#modified[element] = modified
    if (removed !== undefined) this.#removed[element] = removed
  }

  changes = (isNew: boolean, isGone: boolean): Changes => ({
    added: treeOf(isNew, this.#added),
    modified: treeOf(false, this.#modified),
    removed: treeOf(isGone, this.#removed),
  })
}

function compareMaps(type: MapType, before: Fields, after: Fields): Collector['changes'] {
  const found = new Collector()
  for (const key of new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])) {
    const field = type.field(key)
    const read = (from: Fields) => from?.[key] ?? (from ? field?.unset : undefined)
    found.add(`f:${key}`, compare(field?.type ?? { kind: 'atomic' }, read(before), read(after)))
  }
  return found.changes
}

function compareLists(
  type: ListType,
  before: readonly unknown[] | undefined | null,
  after: readonly unknown[] | undefined | null,
): Collector['changes'] {
  const found = new Collector()
  const old = byElement(type, before ?? [])
  const next = byElement(type, after ?? [])
  for (const element of new Set([...old.keys(), ...next.keys()])) {
    const was = old.get(element) ?? []
    const is = next.get(element) ?? []
    // Items that cannot be told apart are one value together.
    const isRepeated = was.length > 1 || is.length > 1
    found.add(
      element,
      isRepeated
        ? leaf(was.length === 0 ? undefined : was, is.length === 0 ? undefined : is)
        : compare(type.item, was[0], is[0]),
    )
  }
  return found.changes
}

/** Everything that is not as before. */
export const touched = ({ added, modified }: Changes): FieldTree | undefined =>
  union(added, modified)
