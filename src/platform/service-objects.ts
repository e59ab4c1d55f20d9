// Writes what a service becomes in one cluster, and takes it away again.
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Namespace } from '#kinds/k8s/core.ts'
import { keyOf, type KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { deployments, namespaces, podDisruptionBudgets, pods, services } from '#kinds/refs.ts'
import { applyDesired, covers, deleteIfThere } from './apply-desired.ts'
import type { DesiredObjects } from './desired-objects.ts'
import type { Member } from './members.ts'
import { annotations, labels } from './names.ts'
import type { Problem } from './problem.ts'

/** What a service is made of, in the order in which it is taken away: first nobody is led to it any more. */
const OWN_KINDS: readonly KindRef<KubeObject>[] = [services, podDisruptionBudgets, deployments]

export interface Written {
  /** As it is after the write, which the caches may not have seen yet. */
  deployment: Deployment
  /** "deployment spec.replicas": what someone else had changed and that was set back. */
  reverted: string[]
}

export async function writeObjects(
  member: Member,
  service: ContainerService,
  desired: DesiredObjects,
): Promise<Written> {
  const { client } = member
  await ensureNamespace(member, desired.namespace)
  const deployment = await applyDesired(client, deployments, desired.deployment)
  const reverted = named('deployment', deployment.reverted)
  if (desired.service) {
    const applied = await applyDesired(client, services, desired.service)
    reverted.push(...named('service', applied.reverted))
  } else await withdraw(member, services, service)
  if (desired.budget) {
    const applied = await applyDesired(client, podDisruptionBudgets, desired.budget)
    reverted.push(...named('poddisruptionbudget', applied.reverted))
  } else await withdraw(member, podDisruptionBudgets, service)
  return { deployment: deployment.object, reverted }
}

const named = (kind: string, paths: string[]) => paths.map((path) => `${kind} ${path}`)

async function ensureNamespace(member: Member, wanted: Namespace): Promise<void> {
  const known = member.informers.informer(namespaces).get(wanted.metadata.name)
  if (known === undefined || !covers(known.metadata.labels, wanted.metadata.labels))
    await applyDesired(member.client, namespaces, wanted)
}

/** Why the service cannot have its name in this cluster; asked before anything of it is written. */
export function takenName(
  { informers }: Member,
  service: ContainerService,
  desired: DesiredObjects,
): Problem | undefined {
  for (const object of [desired.deployment, desired.service, desired.budget]) {
    const kind = OWN_KINDS.find((one) => one.kind === object?.kind)
    const live = kind && informers.informer(kind).get(keyOf(service))
    if (live === undefined || isOf(service, live)) continue
    if (live.metadata.annotations?.[annotations.desired] !== undefined) continue
    const { name, namespace } = live.metadata
    return {
      reason: 'NameTaken',
      message:
        `cluster "${service.spec.cluster}" has a ${live.kind} "${name}" in namespace "${namespace}" that ccs did not make. ` +
        `Delete it there, or give the service another name`,
    }
  }
  return undefined
}

const isOf = (service: ContainerService, object: KubeObject | undefined): boolean =>
  object?.metadata.labels?.[labels.service] === service.metadata.name

/** An object of that name that someone else made stays. */
async function withdraw(
  { client, informers }: Member,
  kind: KindRef<KubeObject>,
  service: ContainerService,
): Promise<boolean> {
  if (!isOf(service, informers.informer(kind).get(keyOf(service)))) return false
  await deleteIfThere(client, kind, service.metadata)
  return true
}

/** Deletes what the service became in a cluster; true when nothing of it is left there. */
export async function removeObjects(member: Member, service: ContainerService): Promise<boolean> {
  const { informers } = member
  const isKnown = [...OWN_KINDS, pods].every((kind) => informers.informer(kind).hasSynced)
  if (!isKnown) return false
  let found = false
  for (const kind of OWN_KINDS) found = (await withdraw(member, kind, service)) || found
  const instances = informers.informer(pods).list(service.metadata.namespace)
  return !found && !instances.some((pod) => isOf(service, pod))
}
