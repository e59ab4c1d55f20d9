// Moves the only instance of a service off a machine without a gap: its Deployment is told to replace it, which brings
// up the new one before the old one goes. An eviction would do it the other way round.
import type { Machine } from '#kinds/ccs/machine.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { deployments } from '#kinds/refs.ts'
import type { Member } from './members.ts'
import { labels } from './names.ts'

/** On the pod template: the machine and the wish that its instance was moved for. */
export const MOVED_OFF = 'ccs.dev/moved-off'

const serviceOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[labels.service]

const serves = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  conditionOf(pod.status?.conditions, 'Ready')?.status === 'True'

/** Whether requests would be lost if this pod went before another came. */
export function isSole(pod: Pod, all: readonly Pod[]): boolean {
  const service = serviceOf(pod)
  if (service === undefined || !serves(pod)) return false
  return !all.some(
    (other) =>
      other !== pod &&
      other.metadata.namespace === pod.metadata.namespace &&
      serviceOf(other) === service &&
      serves(other),
  )
}

const canReplace = ({ spec }: Deployment): boolean =>
  spec.paused !== true && spec.strategy?.type !== 'Recreate'

/** Asks once for each wish to stop the machine; false when there is nothing that could replace the pod. */
export async function replaceFirst(member: Member, machine: Machine, pod: Pod): Promise<boolean> {
  const place = { namespace: pod.metadata.namespace!, name: serviceOf(pod)! }
  const known = member.informers.informer(deployments)
  const deployment = known.get(`${place.namespace}/${place.name}`)
  if (deployment === undefined || !canReplace(deployment)) return false
  const wish = `${machine.metadata.name}/${machine.metadata.generation ?? 0}`
  if (deployment.spec.template.metadata?.annotations?.[MOVED_OFF] === wish) return true
  await member.client.resource(deployments).patch(place, {
    spec: { template: { metadata: { annotations: { [MOVED_OFF]: wish } } } },
  })
  return true
}
