import { isDeepStrictEqual } from 'node:util'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { scaledValue } from '#kinds/int-or-string.ts'
import { controllerOf, isConditionTrue, isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments, pods, replicaSets } from '#kinds/refs.ts'
import { sentinels } from '../pod-stages.ts'
import type { Check, CheckContext } from './check.ts'

export interface RolloutAvailability extends Check {
  /** Somebody took pods away: the promise holds again when all are back. */
  disturb(deploymentKey: string): void
  /** Nodes fail until then. */
  disturbAll(untilMs: number): void
}

/** A rolling update keeps as many pods ready as it promises, unless others take them away. */
export function rolloutAvailability({
  observer,
  clock,
  report,
}: CheckContext): RolloutAvailability {
  /** Deployments that had all their pods since they were last disturbed. */
  const whole = new Set<string>()
  let disturbedUntilMs = 0

  function podsOf({ metadata }: Deployment): Pod[] {
    const sets = observer.list(replicaSets).filter((set) => controllerOf(set)?.uid === metadata.uid)
    const uids = new Set(sets.map((set) => set.metadata.uid))
    return observer.list(pods).filter((pod) => uids.has(controllerOf(pod)?.uid))
  }

  function look(deployment: Deployment): void {
    const key = keyOf(deployment)
    const own = podsOf(deployment)
    const ready = own.filter(
      (pod) => !isDeleting(pod) && isConditionTrue(pod.status?.conditions, 'Ready'),
    )
    const { replicas = 1 } = deployment.spec
    if (isDeleting(deployment) || clock.now() < disturbedUntilMs || own.some(crashes))
      whole.delete(key)
    if (whole.has(key) && ready.length < replicas - maxUnavailableOf(deployment))
      report(
        `deployment ${key} has ${ready.length} pods ready of ${replicas}, ` +
          `with maxUnavailable ${maxUnavailableOf(deployment)}`,
      )
    const isWhole = ready.length >= replicas && ready.length === own.length
    if (isWhole && clock.now() >= disturbedUntilMs && !own.some(crashes)) whole.add(key)
  }

  return {
    changed({ kind, object, previous }) {
      if (kind === 'Deployment') {
        const [now, before] = [object as Deployment, previous as Deployment | undefined]
        const isScaled = !isDeepStrictEqual(
          [now.spec.replicas, now.spec.strategy],
          [before?.spec.replicas, before?.spec.strategy],
        )
        if (isScaled) whole.delete(keyOf(now))
        // From the moment of the update the new pods may crash.
        if (
          now.spec.template.spec?.containers.some(({ image }) => image?.startsWith(sentinels.crash))
        )
          whole.delete(keyOf(now))
      }
      if (kind !== 'Deployment' && kind !== 'Pod') return
      for (const deployment of observer.list(deployments)) look(deployment)
    },
    disturb: (key) => void whole.delete(key),
    disturbAll(untilMs) {
      disturbedUntilMs = Math.max(disturbedUntilMs, untilMs)
      whole.clear()
    },
  }
}

const crashes = ({ spec }: Pod): boolean =>
  spec.containers.some(({ image }) => image?.startsWith(sentinels.crash))

function maxUnavailableOf({ spec }: Deployment): number {
  const { replicas = 1, strategy } = spec
  if (strategy?.type === 'Recreate') return replicas
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {}
  const unavailable = scaledValue(maxUnavailable, replicas, 'down')
  const surge = scaledValue(maxSurge, replicas, 'up')
  // Kubernetes lets one pod go when neither rule lets it move.
  return unavailable === 0 && surge === 0 ? 1 : unavailable
}
