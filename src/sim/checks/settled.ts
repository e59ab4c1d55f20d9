// What is left to do until the cluster is as declared, and what should not be there any more.
import type { Deployment } from '#kinds/k8s/apps.ts'
import { controllerOf, isConditionTrue, isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments, pods, replicaSets } from '#kinds/refs.ts'
import type { Observer } from '../observer.ts'

/** One line for everything that is not as declared yet. */
export function unsettled(observer: Observer): string[] {
  return [
    ...observer.list(deployments).flatMap((each) => unsettledDeployment(observer, each)),
    ...observer
      .list(pods)
      .filter(isDeleting)
      .map((pod) => `pod ${keyOf(pod)} is still ending`),
    ...orphans(observer),
  ]
}

function unsettledDeployment(observer: Observer, deployment: Deployment): string[] {
  const name = `deployment ${keyOf(deployment)}`
  if (isDeleting(deployment)) return [`${name} is still being deleted`]
  const { replicas = 1 } = deployment.spec
  const { status = {}, metadata } = deployment
  const sets = observer.list(replicaSets).filter((set) => controllerOf(set)?.uid === metadata.uid)
  const uids = new Set(sets.map((set) => set.metadata.uid))
  const own = observer.list(pods).filter((pod) => uids.has(controllerOf(pod)?.uid))
  const image = deployment.spec.template.spec?.containers[0]?.image
  const right = own.filter(
    ({ spec, status: { conditions } = {} }) =>
      spec.containers[0]?.image === image && isConditionTrue(conditions, 'Ready'),
  )
  const problems: string[] = []
  if (own.length !== replicas || right.length !== replicas)
    problems.push(`${name}: ${right.length} of ${own.length} pods are right, not ${replicas}`)
  if (status.observedGeneration !== metadata.generation)
    problems.push(`${name}: its newest generation was not observed`)
  const counts = [status.replicas, status.updatedReplicas, status.availableReplicas]
  if (!counts.every((count) => (count ?? 0) === replicas))
    problems.push(`${name}: its status says ${counts.join(', ')} instead of ${replicas}`)
  return problems
}

/** Objects whose controller is gone. */
function orphans(observer: Observer): string[] {
  const owners = new Set(
    [...observer.list(deployments), ...observer.list(replicaSets)].map(
      ({ metadata }) => metadata.uid,
    ),
  )
  return [...observer.list(replicaSets), ...observer.list(pods)]
    .filter((object) => {
      const owner = controllerOf(object)
      return owner !== undefined && !owners.has(owner.uid)
    })
    .map((object) => `${object.kind} ${keyOf(object)} has lost its owner`)
}
