import { isDeepStrictEqual } from 'node:util'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { scaledValue } from '#kinds/int-or-string.ts'
import { controllerOf, isConditionTrue, isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments, pods, replicaSets } from '#kinds/refs.ts'
import { runs, sentinels } from '../nodes/pod-stages.ts'
import type { Check, CheckContext } from './check.ts'

/** How long after a disturbance its effects on pods may come. */
const ECHO_MS = 180_000

export interface RolloutAvailability extends Check {
  /** Somebody took pods of this deployment away: the promise holds again when all are back. */
  disturb(deploymentKey: string): void
  /** The same for all deployments, until then and its echo. */
  disturbAll(untilMs: number): void
}

/** A rolling update keeps as many pods ready as it promises, unless others take them away. */
export function rolloutAvailability({ state, clock, report }: CheckContext): RolloutAvailability {
  /** Deployments that had all their pods since they were last disturbed. */
  const whole = new Set<string>()
  const disturbedUntil = new Map<string, number>()
  let allDisturbedUntilMs = 0
  /** When each node was last not ready; who has not heard that it is back goes on acting on it. */
  const lostAt = new Map<string, number>()

  function podsOf({ metadata }: Deployment): Pod[] {
    const sets = state.list(replicaSets).filter((set) => controllerOf(set)?.uid === metadata.uid)
    const uids = new Set(sets.map((set) => set.metadata.uid))
    return state.list(pods).filter((pod) => uids.has(controllerOf(pod)?.uid))
  }

  function look(deployment: Deployment): void {
    const key = keyOf(deployment)
    const own = podsOf(deployment)
    const ready = own.filter(
      (pod) => !isDeleting(pod) && isConditionTrue(pod.status?.conditions, 'Ready'),
    )
    const { replicas = 1 } = deployment.spec
    const untilMs = Math.max(allDisturbedUntilMs, disturbedUntil.get(key) ?? 0)
    const isDisturbed =
      isDeleting(deployment) || clock.monotonic() < untilMs || own.some(isTakenAway)
    if (isDisturbed || own.some(crashes)) return void whole.delete(key)
    if (whole.has(key) && ready.length < replicas - maxUnavailableOf(deployment))
      report(
        `deployment ${key} has ${ready.length} pods ready of ${replicas}, ` +
          `with maxUnavailable ${maxUnavailableOf(deployment)}`,
      )
    if (ready.length >= replicas && ready.length === own.length) whole.add(key)
  }

  function disturb(key: string): void {
    whole.delete(key)
    disturbedUntil.set(key, clock.monotonic() + ECHO_MS)
  }

  function nodeSeen(node: Node, before: Node | undefined): void {
    const isLost = (one: Node | undefined) => !isConditionTrue(one?.status?.conditions, 'Ready')
    if (isLost(node) || isLost(before)) lostAt.set(node.metadata.name, clock.monotonic())
  }

  /** By an eviction, a preemption or a taint, or with a node that is not ready. */
  function isTakenAway(pod: Pod): boolean {
    if (isConditionTrue(pod.status?.conditions, 'DisruptionTarget')) return true
    const lostAtMs = lostAt.get(pod.spec.nodeName ?? '')
    return lostAtMs !== undefined && clock.monotonic() - lostAtMs < ECHO_MS
  }

  return {
    changed({ kind, object, previous }) {
      if (kind === 'Deployment') {
        const [now, before] = [object as Deployment, previous as Deployment | undefined]
        const isScaled = !isDeepStrictEqual(
          [now.spec.replicas, now.spec.strategy],
          [before?.spec.replicas, before?.spec.strategy],
        )
        // From the moment of the update the new pods may crash.
        if (isScaled || crashes({ ...now.spec.template, spec: now.spec.template.spec! }))
          disturb(keyOf(now))
        look(now)
      }
      if (kind === 'Node') nodeSeen(object as Node, previous as Node | undefined)
      if (kind !== 'Pod') return
      for (const deployment of state.list(deployments))
        if (deployment.metadata.namespace === object.metadata.namespace) look(deployment)
    },
    disturb,
    disturbAll(untilMs) {
      allDisturbedUntilMs = Math.max(allDisturbedUntilMs, untilMs + ECHO_MS)
      whole.clear()
    },
  }
}

const crashes = ({ spec }: Pick<Pod, 'spec'>): boolean =>
  runs({ spec } as Pod, sentinels.crash, sentinels.oom)

function maxUnavailableOf({ spec }: Deployment): number {
  const { replicas = 1, strategy } = spec
  if (strategy?.type === 'Recreate') return replicas
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {}
  const unavailable = scaledValue(maxUnavailable, replicas, 'down')
  const surge = scaledValue(maxSurge, replicas, 'up')
  // Kubernetes lets one pod go when neither rule lets it move.
  return unavailable === 0 && surge === 0 ? 1 : unavailable
}
