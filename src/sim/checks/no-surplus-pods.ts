import type { ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { controllerOf, isDeleting } from '#kinds/meta.ts'
import { pods, replicaSets } from '#kinds/refs.ts'
import type { Check, CheckContext } from './check.ts'

/** How long a controller may act on an older wish: calls and events that are late in a row. */
const OLD_WISH_MS = 60_000

/**
 * A replica set never makes more pods than were wished for of late. A creation whose answer was lost
 * is made again by right: `answersLost` of them are allowed for.
 */
export function noSurplusPods(
  { observer, clock, report }: CheckContext,
  answersLost: () => number,
): Check {
  const wishes = new Map<string, { atMs: number; replicas: number }[]>()

  function wishSeen({ metadata, spec }: ReplicaSet): void {
    const list = wishes.get(metadata.uid ?? '') ?? []
    const last = list.at(-1)
    if (last?.replicas !== (spec.replicas ?? 1)) {
      // A wish counts from when it was replaced: until then it was in force.
      if (last) last.atMs = clock.now()
      list.push({ atMs: Infinity, replicas: spec.replicas ?? 1 })
    }
    wishes.set(metadata.uid ?? '', list)
  }

  function podMade(pod: Pod): void {
    const owner = controllerOf(pod)
    const set = observer.list(replicaSets).find(({ metadata }) => metadata.uid === owner?.uid)
    if (set === undefined) return
    const sinceMs = clock.now() - OLD_WISH_MS
    const recent = (wishes.get(owner!.uid) ?? []).filter(({ atMs }) => atMs >= sinceMs)
    const most = Math.max(0, ...recent.map(({ replicas }) => replicas)) + answersLost()
    const active = observer
      .list(pods)
      .filter((each) => controllerOf(each)?.uid === owner?.uid && !isDeleting(each))
    if (active.length > most)
      report(`${set.metadata.name} has ${active.length} pods, and at most ${most} were wished for`)
  }

  return {
    changed({ kind, type, object }) {
      if (kind === 'ReplicaSet') wishSeen(object as ReplicaSet)
      if (kind === 'Pod' && type === 'ADDED') podMade(object as Pod)
    },
  }
}
