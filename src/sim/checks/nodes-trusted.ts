import type { Node } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import type { Fault } from '../faults.ts'
import type { Check, CheckContext } from './check.ts'

/** Faults by which a controller may miss that a node is alive. */
const EXCUSES = new Set<Fault>([
  'node-silent',
  'watch-stalled',
  'server-crash',
  'server-crash-at-write',
  'disk-full',
])

/** A node that goes on renewing its lease is not called silent: not by a clock that is set, nor by a crash. */
export function nodesTrusted(
  { report }: CheckContext,
  { faults, isOut }: { faults: readonly Fault[]; isOut: (node: string) => boolean },
): Check {
  if (faults.some((fault) => EXCUSES.has(fault))) return {}
  return {
    changed({ kind, object, key, previous }) {
      if (kind !== 'Node' || isOut(key)) return
      const readyOf = (node: Node | undefined) =>
        conditionOf(node?.status?.conditions, 'Ready')?.status
      const [before, now] = [readyOf(previous as Node | undefined), readyOf(object as Node)]
      if (now === 'Unknown' && before !== 'Unknown')
        report(`node ${key} is called silent and is not`)
    },
  }
}
