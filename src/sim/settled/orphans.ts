import { keyOf, type KubeObject } from '#kinds/object.ts'
import type { DurableState } from '../api/durable-state.ts'

/** Objects none of whose owners is there any more: the garbage collector takes them away. */
export function orphans(state: DurableState): string[] {
  const objects = [...state.all()]
  const uids = new Set(objects.map(({ metadata }) => metadata.uid))
  const isOrphan = ({ metadata }: KubeObject) => {
    const owners = metadata.ownerReferences ?? []
    return owners.length > 0 && !owners.some(({ uid }) => uids.has(uid))
  }
  return objects
    .filter(isOrphan)
    .map((object) => `${state.name}: ${object.kind} ${keyOf(object)} has lost its owner`)
}
