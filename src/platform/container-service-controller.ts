// Makes each ContainerService of the hub a Deployment, a Service and a disruption budget in its cluster, keeps its
// revisions, and tells the hub how it goes.
import type { Clock } from '#base/clock.ts'
import { isReason, StatusError } from '#base/errors.ts'
import { describeError, type Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { type ReconcileResult, WorkQueue } from '#base/work-queue.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import { clusters } from '#kinds/ccs/cluster.ts'
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import { imageSourceOf } from '#kinds/ccs/service-annotations.ts'
import { validateContainerService } from '#kinds/ccs/validate-container-service.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import { keyOf, type KubeObject } from '#kinds/object.ts'
import { deployments, nodes, podDisruptionBudgets, pods, services } from '#kinds/refs.ts'
import { covers } from './apply-desired.ts'
import { desiredObjects, type ResolvedImage } from './desired-objects.ts'
import { fitProblem } from './fit-problem.ts'
import type { ImageResolver, ResolvedName } from './image-resolver.ts'
import type { Member, Members } from './members.ts'
import { annotations, labels, SERVICE_FINALIZER } from './names.ts'
import type { Problem } from './problem.ts'
import { RevisionLog } from './revision-log.ts'
import { wantedRevision } from './revisions.ts'
import { statusEvents } from './service-events.ts'
import { removeObjects, takenName, writeObjects } from './service-objects.ts'
import { serviceStatus } from './service-status.ts'

export interface ContainerServiceControllerOptions {
  hub: { client: Client; informers: InformerFactory }
  members: Members
  resolveImage: ImageResolver
  /** For events of the services, in the hub. */
  recorder: EventRecorder
  clock: Clock
  random: Random
  log: Logger
}

/** After a problem that only time or the user can mend, such as an image that is not there. */
const PROBLEM_RETRY_MS = 10_000
/** While the cluster is not there yet. */
const CLUSTER_RETRY_MS = 1_000

type Outcome = { deployment: Deployment } | { problem: Problem }

export class ContainerServiceController {
  readonly #options: ContainerServiceControllerOptions
  readonly #queue: WorkQueue
  readonly #revisions: RevisionLog

  constructor(options: ContainerServiceControllerOptions) {
    this.#options = options
    this.#revisions = new RevisionLog(options.hub)
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

  #watchMember({ informers }: Member): void {
    const changed = (object: KubeObject) => {
      const name = object.metadata.labels?.[labels.service]
      const { namespace } = object.metadata
      if (name !== undefined && namespace !== undefined) this.#queue.add(`${namespace}/${name}`)
    }
    const handler = { added: changed, updated: changed, deleted: changed }
    informers.informer(deployments).on(handler)
    informers.informer(services).on(handler)
    informers.informer(podDisruptionBudgets).on(handler)
    informers.informer(pods).on(handler)
    informers.informer(nodes)
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const service = this.#options.hub.informers.informer(containerServices).get(key)
    if (service === undefined) return
    if (service.metadata.deletionTimestamp !== undefined) return this.#remove(service)
    const member = this.#options.members.get(service.spec.cluster)
    if (member === undefined || !this.#revisions.isReadable) {
      if (member === undefined) await this.#reportNoCluster(service)
      return { afterMs: CLUSTER_RETRY_MS }
    }
    if (!service.metadata.finalizers?.includes(SERVICE_FINALIZER)) {
      const { finalizers = [] } = service.metadata
      return this.#setFinalizers(service, [...finalizers, SERVICE_FINALIZER])
    }
    const outcome = await this.#makeSo(service, member)
    const phase = await this.#report(service, member, outcome)
    // A service that moved to another cluster leaves the old one when the new one serves it.
    if (phase === 'Ready') await this.#leaveOthers(service)
    return 'problem' in outcome ? { afterMs: PROBLEM_RETRY_MS } : undefined
  }

  /** Writes the objects of the service to its cluster; what users must mend comes back as a problem. */
  async #makeSo(service: ContainerService, member: Member): Promise<Outcome> {
    const [wrong] = validateContainerService(service)
    if (wrong !== undefined)
      return { problem: { reason: 'Invalid', message: `${wrong.field}: ${wrong.message}` } }
    const resolved = await this.#resolve(service, member)
    if ('problem' in resolved) return resolved
    const { revision, isNew } = wantedRevision(service, resolved.image, this.#revisions.of(service))
    const desired = desiredObjects(service, resolved, revision.spec)
    const problem =
      fitProblem(service, member.informers.informer(nodes).list()) ??
      takenName(member, service, desired)
    if (problem !== undefined) return { problem }
    try {
      const { deployment, reverted } = await writeObjects(member, service, desired)
      if (isNew) await this.#revisions.record(service, revision)
      this.#tell(service, isNew ? (revision.spec.changes ?? []) : [], deployment, reverted)
      return { deployment }
    } catch (error) {
      if (error instanceof StatusError && (error.code === 422 || error.code === 403))
        return { problem: { reason: 'Refused', message: error.message } }
      throw error
    }
  }

  #tell(
    service: ContainerService,
    changes: readonly string[],
    deployment: Deployment,
    reverted: readonly string[],
  ): void {
    const { recorder } = this.#options
    const number = deployment.metadata.annotations?.[annotations.revision]
    if (changes.length > 0)
      recorder.event(service, {
        type: 'Normal',
        reason: 'RevisionCreated',
        message: `revision ${number}: ${changes.join(', ')}`,
      })
    if (reverted.length > 0)
      recorder.event(service, {
        type: 'Warning',
        reason: 'Reverted',
        message: `set back ${reverted.join(', ')}, which someone changed beside ccs; change the service instead`,
      })
  }

  /** The digest is looked up once for each image the user names, so that all instances run the same bits. */
  async #resolve(
    service: ContainerService,
    member: Member,
  ): Promise<ResolvedImage | { problem: Problem }> {
    const source = imageSourceOf(service)
    const recorded = this.#revisions.of(service)
    const running = member.informers.informer(deployments).get(keyOf(service))
    const known = running?.metadata.annotations
    // The record and not the Deployment says which image that was: someone may have set another one there.
    const runs =
      running === undefined
        ? recorded.slice(0, 1).find(({ spec }) => spec.image === service.spec.image)
        : recorded.find(({ spec }) => String(spec.revision) === known?.[annotations.revision])
    if (
      runs !== undefined &&
      (running === undefined || known?.[annotations.imageSource] === source)
    )
      return { image: runs.spec.resolvedImage, source }
    const { namespace } = service.metadata
    const resolved = await this.#lookUp(namespace!, service.spec.image)
    if (resolved.found) return { image: resolved.image, source }
    const { message, isPassing = false } = resolved
    const reason = isPassing ? 'RegistryAway' : 'ImageNotFound'
    return { problem: { reason, message, isPassing } }
  }

  /** A registry that does not answer is a state to be told, not a failure of ours. */
  async #lookUp(project: string, image: string): Promise<ResolvedName & { isPassing?: boolean }> {
    try {
      return await this.#options.resolveImage(project, image)
    } catch (error) {
      const message = `the registry could not be asked for image "${image}": ${describeError(error)}`
      return { found: false, message, isPassing: true }
    }
  }

  async #reportNoCluster(service: ContainerService): Promise<void> {
    const known = this.#options.hub.informers.informer(clusters)
    const names = known.list().map(({ metadata }) => metadata.name)
    const { cluster } = service.spec
    // Not served yet, as after a start: what was known of the service stands until then.
    if (!known.hasSynced || names.includes(cluster)) return
    const message = `cluster "${cluster}" is not there; there are: ${names.join(', ') || 'none'}`
    await this.#report(service, undefined, { problem: { reason: 'NoCluster', message } })
  }

  async #report(service: ContainerService, member: Member | undefined, outcome: Outcome) {
    const key = keyOf(service)
    const { name, namespace } = service.metadata
    const problem = 'problem' in outcome ? outcome.problem : undefined
    const status = serviceStatus(service, {
      deployment:
        'deployment' in outcome
          ? outcome.deployment
          : member?.informers.informer(deployments).get(key),
      service: member?.informers.informer(services).get(key),
      pods:
        member?.informers
          .informer(pods)
          .list(namespace)
          .filter((pod) => pod.metadata.labels?.[labels.service] === name) ?? [],
      problem,
      nowMs: this.#options.clock.now(),
    })
    const { phase } = status
    if (service.status && covers(service.status, status) && covers(status, service.status))
      return phase
    await this.#options.hub.client.resource(containerServices).updateStatus({ ...service, status })
    for (const text of statusEvents(service.status, status))
      this.#options.recorder.event(service, text)
    return phase
  }

  async #leaveOthers(service: ContainerService): Promise<void> {
    for (const [name, other] of this.#options.members.all())
      if (name !== service.spec.cluster) await removeObjects(other, service)
  }

  /** Whether the hub has that cluster and it is not served yet, as after a start. */
  #awaitsCluster(name: string): boolean {
    const known = this.#options.hub.informers.informer(clusters)
    if (!known.hasSynced) return true
    return known.get(name) !== undefined && this.#options.members.get(name) === undefined
  }

  async #remove(service: ContainerService): Promise<ReconcileResult> {
    const { finalizers = [] } = service.metadata
    if (!finalizers.includes(SERVICE_FINALIZER)) return
    // Until the cluster is served, nobody can say what is left in it.
    const gone = [!this.#awaitsCluster(service.spec.cluster)]
    for (const member of this.#options.members.all().values())
      gone.push(await removeObjects(member, service))
    // The name is free again only when its last instance is gone.
    if (!gone.every(Boolean)) return { afterMs: CLUSTER_RETRY_MS }
    await this.#revisions.removeAll(service)
    await this.#setFinalizers(
      service,
      finalizers.filter((finalizer) => finalizer !== SERVICE_FINALIZER),
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
