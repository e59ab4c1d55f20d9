import type { Pod } from '#kinds/k8s/core.ts'
import type { Check, CheckContext } from './check.ts'

/** A pod that was bound stays on its node. */
export function oneNodePerPod({ report }: CheckContext): Check {
  const places = new Map<string, string>()
  return {
    changed({ kind, key, type, object }) {
      if (kind !== 'Pod') return
      const { uid = '' } = object.metadata
      const node = (object as Pod).spec.nodeName
      const before = places.get(uid)
      if (before !== undefined && before !== node)
        report(`pod ${key} was bound to ${before} and then to ${node ?? 'none'}`)
      if (type === 'DELETED') places.delete(uid)
      else if (node) places.set(uid, node)
    },
  }
}
