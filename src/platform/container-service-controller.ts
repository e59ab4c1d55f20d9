// Makes each ContainerService of the hub a Deployment and a Service in its cluster, and tells the
// hub how it goes.
import type { Clock } from '#base/clock.ts'
import { isReason, StatusError } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { type ReconcileResult, WorkQueue } from '#base/work-queue.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import { clusters } from '#kinds/ccs/cluster.ts'
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import type { Namespace } from '#kinds/k8s/core.ts'
import { keyOf, type KubeObject } from '#kinds/object.ts'
import { deployments, namespaces, pods, services } from '#kinds/refs.ts'
import { applyDesired, covers, deleteIfThere } from './apply-desired.ts'
import { desiredObjects, imageSourceOf, type ResolvedImage } from './desired-objects.ts'
import type { ImageResolver } from './image-resolver.ts'
import type { Member, Members } from './members.ts'
import { annotations, labels, SERVICE_FINALIZER } from './names.ts'
import { serviceStatus } from './service-status.ts'

export interface ContainerServiceControllerOptions {
  hub: { client: Client; informers: InformerFactory }
  members: Members
  resolveImage: ImageResolver
  clock: Clock
  random: Random
  log: Logger
}

/** After a problem that only time or the user can mend, such as an image that is not there. */
const PROBLEM_RETRY_MS = 10_000
/** While the cluster is not there yet. */
const CLUSTER_RETRY_MS = 1_000

export class ContainerServiceController {
  readonly #options: ContainerServiceControllerOptions
  readonly #queue: WorkQueue

  constructor(options: ContainerServiceControllerOptions) {
    this.#options = options
    const { clock, random, log } = options
    this.#queue = new WorkQueue({
      name: 'container-service',
      reconcile: (key) => this.#reconcile(key),
      clock,
      random,
      log,
      workers: 4,
    })
    options.hub.informers.informer(containerServices).on({
      added: (service) => this.#queue.add(keyOf(service)),
      updated: (service) => this.#queue.add(keyOf(service)),
    })
    options.hub.informers.informer(clusters)
    options.members.onAdded((_name, member) => this.#watchMember(member))
  }

  start(): void {
    this.#queue.start()
  }

  stop(): Promise<void> {
    return this.#queue.stop()
  }

  #watchMember(member: Member): void {
    const changed = (object: KubeObject) => {
      const name = object.metadata.labels?.[labels.service]
      const { namespace } = object.metadata
      if (name !== undefined && namespace !== undefined) this.#queue.add(`${namespace}/${name}`)
    }
    const handler = { added: changed, updated: changed, deleted: changed }
    member.informers.informer(deployments).on(handler)
    member.informers.informer(services).on(handler)
    member.informers.informer(pods).on(handler)
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const service = this.#options.hub.informers.informer(containerServices).get(key)
    if (service === undefined) return
    const member = this.#options.members.get(service.spec.cluster)
    if (service.metadata.deletionTimestamp !== undefined) return this.#remove(service)
    if (member === undefined) {
      await this.#report(service, undefined, {
        reason: 'NoCluster',
        message: `cluster "${service.spec.cluster}" is not there`,
      })
      return { afterMs: CLUSTER_RETRY_MS }
    }
    if (!service.metadata.finalizers?.includes(SERVICE_FINALIZER)) {
      await this.#setFinalizers(service, [
        ...(service.metadata.finalizers ?? []),
        SERVICE_FINALIZER,
      ])
      return
    }
    const problem = await this.#makeSo(service, member)
    // A service that moved to another cluster leaves the old one when the new one has it.
    if (problem === undefined)
      for (const [name, other] of this.#options.members.all())
        if (name !== service.spec.cluster) await this.#removeFrom(other, service)
    await this.#report(service, member, problem)
    return problem === undefined ? undefined : { afterMs: PROBLEM_RETRY_MS }
  }

  /** Writes the objects of the service to its cluster; what users must mend comes back as a problem. */
  async #makeSo(
    service: ContainerService,
    member: Member,
  ): Promise<{ reason: string; message: string } | undefined> {
    const resolved = await this.#resolve(service, member)
    if ('problem' in resolved) return { reason: 'ImageNotFound', message: resolved.problem }
    const desired = desiredObjects(service, resolved)
    try {
      await this.#ensureNamespace(member, desired.namespace)
      await applyDesired(member.client, deployments, desired.deployment)
      if (desired.service) await applyDesired(member.client, services, desired.service)
      else await this.#withdrawBalancer(member, service)
    } catch (error) {
      if (error instanceof StatusError && (error.code === 422 || error.code === 403))
        return { reason: 'Refused', message: error.message }
      throw error
    }
    return undefined
  }

  async #ensureNamespace(member: Member, wanted: Namespace): Promise<void> {
    const known = member.informers.informer(namespaces).get(wanted.metadata.name)
    if (known === undefined || !covers(known.metadata.labels, wanted.metadata.labels))
      await applyDesired(member.client, namespaces, wanted)
  }

  /** The digest is looked up once for each image the user names, so that all instances run the same bits. */
  async #resolve(
    service: ContainerService,
    member: Member,
  ): Promise<ResolvedImage | { problem: string }> {
    const source = imageSourceOf(service)
    const running = member.informers.informer(deployments).get(keyOf(service))
    const image = running?.spec.template.spec?.containers[0]?.image
    if (running?.metadata.annotations?.[annotations.imageSource] === source && image !== undefined)
      return { image, source }
    const resolved = await this.#options.resolveImage(
      service.metadata.namespace!,
      service.spec.image,
    )
    return resolved.found ? { image: resolved.image, source } : { problem: resolved.message }
  }

  async #report(
    service: ContainerService,
    member: Member | undefined,
    problem: { reason: string; message: string } | undefined,
  ): Promise<void> {
    const key = keyOf(service)
    const { name, namespace } = service.metadata
    const status = serviceStatus(service, {
      deployment: member?.informers.informer(deployments).get(key),
      service: member?.informers.informer(services).get(key),
      pods:
        member?.informers
          .informer(pods)
          .list(namespace)
          .filter((pod) => pod.metadata.labels?.[labels.service] === name) ?? [],
      problem,
      nowMs: this.#options.clock.now(),
    })
    if (service.status && covers(service.status, status) && covers(status, service.status)) return
    await this.#options.hub.client.resource(containerServices).updateStatus({ ...service, status })
  }

  /** A Service of that name that someone else made stays. */
  async #withdrawBalancer({ client, informers }: Member, { metadata }: ContainerService) {
    const live = informers.informer(services).get(keyOf({ metadata }))
    if (live?.metadata.labels?.[labels.service] === metadata.name)
      await deleteIfThere(client, services, metadata)
  }

  /** Deletes what the service became in a cluster; true when nothing of it is left there. */
  async #removeFrom({ client, informers }: Member, service: ContainerService): Promise<boolean> {
    const isOurs = (object: KubeObject | undefined) =>
      object?.metadata.labels?.[labels.service] === service.metadata.name
    const kinds = [deployments, services, pods]
    if (!kinds.every((kind) => informers.informer<KubeObject>(kind).hasSynced)) return false
    const key = keyOf(service)
    const deployment = informers.informer(deployments).get(key)
    const balancer = informers.informer(services).get(key)
    if (isOurs(balancer)) await deleteIfThere(client, services, service.metadata)
    if (isOurs(deployment)) await deleteIfThere(client, deployments, service.metadata)
    const instances = informers.informer(pods).list(service.metadata.namespace)
    return !isOurs(deployment) && !isOurs(balancer) && !instances.some(isOurs)
  }

  /** Whether the hub has that cluster and it is not served yet, as after a start. */
  #awaitsCluster(name: string): boolean {
    const known = this.#options.hub.informers.informer(clusters)
    if (!known.hasSynced) return true
    return known.get(name) !== undefined && this.#options.members.get(name) === undefined
  }

  async #remove(service: ContainerService): Promise<ReconcileResult> {
    if (!service.metadata.finalizers?.includes(SERVICE_FINALIZER)) return
    // Until the cluster is served, nobody can say what is left in it.
    const gone = [!this.#awaitsCluster(service.spec.cluster)]
    for (const member of this.#options.members.all().values())
      gone.push(await this.#removeFrom(member, service))
    // The name is free again only when its last instance is gone.
    if (!gone.every(Boolean)) return { afterMs: CLUSTER_RETRY_MS }
    await this.#setFinalizers(
      service,
      service.metadata.finalizers.filter((finalizer) => finalizer !== SERVICE_FINALIZER),
    )
  }

  async #setFinalizers(service: ContainerService, finalizers: string[]): Promise<void> {
    const { uid, resourceVersion } = service.metadata
    try {
      await this.#options.hub.client
        .resource(containerServices)
        .patch(service.metadata, { metadata: { uid, resourceVersion, finalizers } })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
