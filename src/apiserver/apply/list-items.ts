// Items of lists that merge, by what tells them apart.
import { isRecord } from '../body.ts'
import type { ListType } from './value-type.ts'

/** An item that cannot be told from others. */
export class ItemError extends Error {}

/** `k:{"name":"main"}` or `v:"a"`: the path element of an item. */
export function elementOf(type: ListType, item: unknown, index: number): string {
  if (type.keys === undefined) {
    if (typeof item === 'object')
      throw new ItemError(
        `associative list without keys has an element that's ${item === null ? 'null' : 'a map type'}`,
      )
    return `v:${JSON.stringify(item)}`
  }
  if (!isRecord(item))
    throw new ItemError(
      `element ${index}: associative list with keys may not have non-map elements`,
    )
  const keys: Record<string, unknown> = {}
  for (const key of type.keys.toSorted()) {
    const value = item[key] ?? type.defaults[key]
    if (value !== undefined) keys[key] = value
  }
  if (Object.keys(keys).length === 0)
    throw new ItemError(
      `element ${index}: associative list with keys has an element that omits ${
        type.keys.length === 1 ? 'key field' : 'all key fields'
      } ${type.keys.map((key) => JSON.stringify(key)).join(', ')}${
        type.keys.length === 1 ? " (and doesn't have default value)" : ' (and no default values)'
      }`,
    )
  return `k:${JSON.stringify(keys)}`
}

/** The items by element, in order; those of one element together. */
export function byElement(type: ListType, items: readonly unknown[]): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>()
  for (const [index, item] of items.entries()) {
    const element = elementOf(type, item, index)
    const same = found.get(element)
    if (same === undefined) found.set(element, [item])
    else same.push(item)
  }
  return found
}
