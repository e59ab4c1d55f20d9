import type { Deployment } from '#kinds/k8s/apps.ts'
import { controllerOf, isConditionTrue, isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments, pods, replicaSets } from '#kinds/refs.ts'
import type { DurableState } from '../api/durable-state.ts'

export function unsettledDeployments(state: DurableState): string[] {
  return state.list(deployments).flatMap((deployment) => {
    const name = `deployment ${keyOf(deployment)}`
    const problems = isDeleting(deployment)
      ? ['is still being deleted']
      : problemsOf(state, deployment)
    return problems.map((problem) => `${name} ${problem}`)
  })
}

function problemsOf(state: DurableState, { metadata, spec, status = {} }: Deployment): string[] {
  const { replicas = 1 } = spec
  const sets = state.list(replicaSets).filter((set) => controllerOf(set)?.uid === metadata.uid)
  const uids = new Set(sets.map((set) => set.metadata.uid))
  const own = state.list(pods).filter((pod) => uids.has(controllerOf(pod)?.uid))
  const image = spec.template.spec?.containers[0]?.image
  const right = own.filter(
    (pod) =>
      pod.spec.containers[0]?.image === image && isConditionTrue(pod.status?.conditions, 'Ready'),
  )
  const problems: string[] = []
  if (own.length !== replicas || right.length !== replicas)
    problems.push(`has ${right.length} of ${own.length} pods right, not ${replicas}`)
  if (status.observedGeneration !== metadata.generation)
    problems.push('has a newest generation that was not observed')
  const counts = [status.replicas, status.updatedReplicas, status.availableReplicas]
  if (!counts.every((count) => (count ?? 0) === replicas))
    problems.push(`says ${counts.join(', ')} in its status instead of ${replicas}`)
  return problems
}
