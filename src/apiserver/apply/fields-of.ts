// Which fields a value sets.
import { isRecord } from '../body.ts'
import { LEAF, type FieldTree, treeOf } from './field-tree.ts'
import { byElement } from './list-items.ts'
import type { ListType, MapType, ValueType } from './value-type.ts'

/**
 * The fields of `value`, which must be valid for its type. A value that is one, a key of a map and an
 * item of a list are members; a field that has others below is none.
 */
export function fieldsOf(type: ValueType, value: unknown): FieldTree | undefined {
  if (value === undefined) return undefined
  const shape = shapeOf(type, value)
  if (shape === 'leaf') return LEAF
  return shape.kind === 'map'
    ? mapFields(shape, value as Record<string, unknown>)
    : listFields(shape, value as unknown[])
}

const DEDUCED_MAP: MapType = {
  kind: 'map',
  field: () => ({ type: { kind: 'deduced' }, isNamed: false, unset: undefined }),
}

/** What a value is merged as: one that does not fit its type is one piece. */
export function shapeOf(type: ValueType, value: unknown): MapType | ListType | 'leaf' {
  switch (type.kind) {
    case 'map':
      return isRecord(value) ? type : 'leaf'
    case 'list':
      return Array.isArray(value) ? type : 'leaf'
    case 'deduced':
      return isRecord(value) ? DEDUCED_MAP : 'leaf'
    default:
      return 'leaf'
  }
}

function mapFields(type: MapType, value: Record<string, unknown>): FieldTree | undefined {
  const children: Record<string, FieldTree> = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const field = type.field(key)
    const below = fieldsOf(field?.type ?? { kind: 'atomic' }, item)
    const isEmpty = item === null || (isRecord(item) && Object.keys(item).length === 0)
    const member = isEmpty || field === undefined || !field.isNamed
    const tree = member ? withSelf(below) : below
    if (tree !== undefined) children[`f:${key}`] = tree
  }
  return treeOf(false, children)
}

function listFields(type: ListType, items: readonly unknown[]): FieldTree | undefined {
  const children: Record<string, FieldTree> = {}
  for (const [element, [item]] of byElement(type, items))
    children[element] = withSelf(fieldsOf(type.item, item))
  return treeOf(false, children)
}

const withSelf = (tree: FieldTree | undefined): FieldTree =>
  tree === undefined || tree === LEAF ? LEAF : { '.': LEAF, ...tree }

/** As `fields`, and each field with a name of its own that others are below is a member too. */
export function withNamedFields(
  type: ValueType,
  fields: FieldTree | undefined,
): FieldTree | undefined {
  if (fields === undefined) return undefined
  const children: Record<string, FieldTree> = {}
  for (const [element, tree] of Object.entries(fields)) {
    if (element === '.') {
      children[element] = tree
      continue
    }
    const { below, isNamed } = stepInto(type, element)
    const inner = withNamedFields(below, tree) ?? LEAF
    children[element] = isNamed ? withSelf(inner) : inner
  }
  return children
}

/** The type below a path element. */
export function stepInto(type: ValueType, element: string): { below: ValueType; isNamed: boolean } {
  if (element.startsWith('f:')) {
    const field = type.kind === 'map' ? type.field(element.slice(2)) : undefined
    return { below: field?.type ?? { kind: 'deduced' }, isNamed: field?.isNamed === true }
  }
  return { below: type.kind === 'list' ? type.item : { kind: 'deduced' }, isNamed: false }
}
