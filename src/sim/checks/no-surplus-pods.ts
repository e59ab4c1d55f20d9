import type { ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { controllerOf, isDeleting } from '#kinds/meta.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { pods, replicaSets } from '#kinds/refs.ts'
import type { Check, CheckContext } from './check.ts'

/** How long a controller may act on an older wish: calls and events that are late in a row. */
const OLD_WISH_MS = 180_000

/**
 * A replica set never makes more pods than were wished for of late. A creation whose answer was lost
 * is made again by right: `unsure` tells how many there were since then.
 */
export function noSurplusPods(
  { state, clock, report }: CheckContext,
  unsure: (sinceMs: number) => number,
): Check {
  const wishes = new Map<string, { atMs: number; replicas: number }[]>()

  function wishSeen({ metadata, spec }: ReplicaSet): void {
    const sinceMs = clock.monotonic() - OLD_WISH_MS
    const list = (wishes.get(metadata.uid ?? '') ?? []).filter(({ atMs }) => atMs >= sinceMs)
    const last = list.at(-1)
    if (last?.replicas !== (spec.replicas ?? 1)) {
      // A wish counts from when it was replaced: until then it was in force.
      if (last) last.atMs = clock.monotonic()
      list.push({ atMs: Infinity, replicas: spec.replicas ?? 1 })
    }
    wishes.set(metadata.uid ?? '', list)
  }

  function podMade(pod: Pod): void {
    const owner = controllerOf(pod)
    const set = state.list(replicaSets).find(({ metadata }) => metadata.uid === owner?.uid)
    if (set === undefined) return
    const sinceMs = clock.monotonic() - OLD_WISH_MS
    const recent = (wishes.get(owner!.uid) ?? []).filter(({ atMs }) => atMs >= sinceMs)
    const most = Math.max(0, ...recent.map(({ replicas }) => replicas)) + unsure(sinceMs)
    const active = state
      .list(pods)
      .filter((each) => controllerOf(each)?.uid === owner?.uid)
      .filter((each) => !isDeleting(each) && !isPodFinished(each))
    if (active.length > most)
      report(`${set.metadata.name} has ${active.length} pods, and at most ${most} were wished for`)
  }

  return {
    changed({ kind, type, object }) {
      if (kind === 'ReplicaSet' && type === 'DELETED') wishes.delete(object.metadata.uid ?? '')
      else if (kind === 'ReplicaSet') wishSeen(object as ReplicaSet)
      if (kind === 'Pod' && type === 'ADDED') podMade(object as Pod)
    },
  }
}
