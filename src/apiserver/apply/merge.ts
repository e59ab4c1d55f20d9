// What becomes of a live value when a configuration is applied over it. Nothing is removed here.
import { isRecord } from '../body.ts'
import { shapeOf } from './fields-of.ts'
import { byElement } from './list-items.ts'
import type { ListType, MapType, ValueType } from './value-type.ts'

export function merge(type: ValueType, live: unknown, config: unknown): unknown {
  if (config === undefined) return live
  const shape = shapeOf(type, config)
  if (shape === 'leaf' || live === undefined || live === null || config === null) return config
  if (shape.kind === 'map')
    return isRecord(live) ? mergeMaps(shape, live, config as Fields) : config
  return Array.isArray(live) ? mergeLists(shape, live, config as unknown[]) : config
}

type Fields = Record<string, unknown>

function mergeMaps(type: MapType, live: Fields, config: Fields): Fields {
  const merged: Fields = { ...live }
  for (const [key, value] of Object.entries(config))
    merged[key] = merge(type.field(key)?.type ?? { kind: 'atomic' }, live[key], value)
  return merged
}

/**
 * The items of both. Items that both have come in the order of the configuration; an item of one alone
 * stays behind the one it was behind.
 */
function mergeLists(
  type: ListType,
  live: readonly unknown[],
  config: readonly unknown[],
): unknown[] {
  const before = byElement(type, live)
  const after = byElement(type, config)
  const left = [...before.keys()]
  const right = [...after.keys()]
  const shared = right.filter((element) => before.has(element))
  const merged: unknown[] = []
  let l = 0
  let r = 0
  let next = 0
  const take = (element: string) => {
    merged.push(merge(type.item, before.get(element)?.[0], after.get(element)?.[0]))
    r++
    if (shared[next] === element) next++
  }
  while (l < left.length || r < right.length) {
    const mine = left[l]
    const theirs = right[r]
    if (mine !== undefined && mine === theirs) {
      take(mine)
      l++
    } else if (
      mine !== undefined &&
      after.has(mine) &&
      (theirs === undefined || shared[next] !== mine)
    ) {
      // Shared, but another one comes first: it is taken at its place in the configuration.
      l++
    } else if (mine !== undefined && !after.has(mine)) {
      merged.push(...before.get(mine)!)
      l++
    } else if (theirs !== undefined) take(theirs)
    else l++
  }
  return merged
}
