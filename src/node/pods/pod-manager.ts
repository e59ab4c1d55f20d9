// The pods of one machine. A queue of pods; each look reads, decides (`plan-pod.ts`), starts what is
// to be done and writes the status. Nothing here waits for work that takes long.
import type { Clock } from '#base/clock.ts'
import { describeError } from '#base/log.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { type ReconcileResult, WorkQueue } from '#base/work-queue.ts'
import type { Client, Informer } from '#client/types.ts'
import type { Node, Pod, PodStatus } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { annotationNames, labelNames } from '../container/labels.ts'
import { nodeLimits } from '../limits.ts'
import type { ProbeManager } from '../probes/probe-manager.ts'
import type { Runtime, RuntimeEvent, Sandbox } from '../runtime/runtime.ts'
import { showsChange, volumeReferences } from '../volumes/projected-payload.ts'
import { refusalOf } from './admit-pod.ts'
import type { PodObserver } from './observe-pod.ts'
import { planPod } from './plan-pod.ts'
import { planRemoval } from './plan-removal.ts'
import { graceSecondsLeft } from './plan-termination.ts'
import { outcomeOf } from './pod-outcome.ts'
import type { PodOperations } from './pod-operations.ts'
import { type Observed, type PodRecord, podRecord } from './pod-record.ts'
import { podStatus } from './pod-status.ts'
import { type PodView, isRunning, isStarting, operationKey } from './pod-view.ts'
import { isNewer, statusDiffers, writePodStatus } from './status-writer.ts'

export interface PodManagerOptions {
  client: Client
  runtime: Runtime
  /** The pods that are bound to this machine. */
  informer: Informer<Pod>
  observe: PodObserver
  probes: ProbeManager
  /** Whether the machine is reached: while it is not, what its pods are is not for us to say. */
  isAnswering: () => boolean
  hostAddresses: readonly string[]
  /** The machine's own object; undefined before it is known. */
  node: () => Node | undefined
  clock: Clock
  random: Random
  log: Logger
}

/** A key of the queue is a uid; its name is a constant so that logs can be searched. */
const QUEUE = { name: 'pods', workers: 32 } as const

export class PodManager {
  readonly #options: PodManagerOptions
  readonly #queue: WorkQueue
  readonly #records = new Map<string, PodRecord>()
  /** By container or sandbox id. */
  readonly #owners = new Map<string, string>()
  /** Containers whose end was told, while the runtime may still show them as running. */
  readonly #ended = new Map<string, number>()
  /** Pods of which the runtime may show something new. */
  readonly #dirty = new Set<string>()
  #operations: PodOperations | undefined
  /** The pods of which the runtime had something when this agent started. */
  #inRuntime: ReadonlySet<string> = new Set()

  constructor(options: PodManagerOptions) {
    this.#options = options
    const { clock, random, log } = options
    const reconcile = (uid: string) => this.#reconcile(uid)
    this.#queue = new WorkQueue({ ...QUEUE, reconcile, clock, random, log })
  }

  /** Takes up the pods of the API and all that the runtime has; the informer must have synced. */
  async start(operations: PodOperations): Promise<void> {
    this.#operations = operations
    const sandboxes = await this.#options.runtime.listSandboxes()
    this.#inRuntime = new Set(sandboxes.flatMap(({ labels }) => labels[labelNames.podUid] ?? []))
    this.#options.informer.on({
      added: (pod) => this.#wanted(pod),
      updated: (pod, previous) => {
        // Deleted and made anew while the watch was broken.
        if (previous.metadata.uid !== pod.metadata.uid) this.#gone(previous)
        this.#wanted(pod)
      },
      deleted: (pod) => this.#gone(pod),
    })
    this.#adoptOrphans(sandboxes)
    this.#queue.start()
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
    this.#options.probes.stop()
  }

  get pods(): Pod[] {
    return [...this.#records.values()].filter(({ gone }) => !gone).map(({ pod }) => pod)
  }

  find(namespace: string, name: string): PodRecord | undefined {
    return [...this.#records.values()].find(
      ({ pod: { metadata }, gone }) =>
        !gone && metadata.namespace === namespace && metadata.name === name,
    )
  }

  has(uid: string): boolean {
    return this.#records.has(uid)
  }

  /** Looks at a pod again. */
  touch(uid: string): void {
    this.#queue.add(uid)
  }

  /** An operation ended: the runtime may show something new. */
  changed(record: PodRecord): void {
    // The last operation of a pod is the one that makes it forgotten.
    if (this.#records.has(record.uid)) this.#look(record.uid)
  }

  /** A pod of which nothing is left. */
  forget({ uid }: PodRecord): void {
    this.#records.delete(uid)
    this.#dirty.delete(uid)
    this.#options.probes.forget(uid)
    for (const [id, owner] of this.#owners) {
      if (owner !== uid) continue
      this.#owners.delete(id)
      this.#ended.delete(id)
    }
  }

  /** The runtime told of a container. */
  heard({ type, containerId }: RuntimeEvent): void {
    if (type === 'exited') this.#noteEnd(containerId)
    const uid = this.#owners.get(containerId)
    // What nobody owns yet is being started: the operation that does so looks when it ends.
    if (uid !== undefined) this.#look(uid)
  }

  #noteEnd(containerId: string): void {
    const [oldest] = this.#ended.keys()
    if (this.#ended.size >= nodeLimits.endsRememberedMax && oldest !== undefined)
      this.#ended.delete(oldest)
    this.#ended.set(containerId, 0)
  }

  /** Runtime or machine were away: everything may have changed. */
  async lookAtAll(): Promise<void> {
    this.#ended.clear()
    for (const uid of this.#records.keys()) this.#look(uid)
    this.#adoptOrphans(await this.#options.runtime.listSandboxes())
  }

  /** A ConfigMap or Secret changed: volumes made of it are brought up to date. */
  sourceChanged(kind: 'configMaps' | 'secrets', namespace: string, name: string): void {
    for (const record of this.#records.values()) {
      if (record.pod.metadata.namespace !== namespace) continue
      if (volumeReferences(record.pod)[kind].has(name)) this.#renewVolumes(record)
    }
  }

  #renewVolumes(record: PodRecord): void {
    // What was missing may have come: a wait after a failure is over.
    record.notBeforeMs.delete(operationKey.volumes)
    record.volumes.isStale = true
    if (record.volumes.ready) record.volumes.dueAtMs = 0
    this.touch(record.uid)
  }

  /** Ends a pod that takes more than it may. */
  evict({ metadata: { uid = '' } }: Pod, message: string): void {
    const record = this.#records.get(uid)
    if (record === undefined || record.eviction !== undefined) return
    if (isPodFinished(record.pod) || isDeleting(record.pod)) return
    record.eviction = { reason: 'Evicted', message }
    this.#operations?.tellRefusal(record, record.eviction)
    this.touch(uid)
  }

  async writeStatus(record: PodRecord): Promise<void> {
    await writePodStatus(this.#options.client, record, (pod) => this.#statusOf({ ...record, pod }))
  }

  #look(uid: string): void {
    this.#dirty.add(uid)
    this.#queue.add(uid)
  }

  #wanted(pod: Pod): void {
    const { uid = '' } = pod.metadata
    const known = this.#records.get(uid)
    if (known === undefined) {
      const record = podRecord(uid, pod)
      // What the runtime did not have at the start only an agent can have made, and there is but one.
      if (!this.#inRuntime.has(uid)) record.observed = { sandboxes: [], containers: [] }
      this.#records.set(uid, record)
    } else if (isNewer(pod, known.pod)) {
      const changed = showsChange(known.pod, pod)
      known.pod = pod
      if (changed) this.#renewVolumes(known)
    }
    this.#queue.add(uid)
  }

  #gone(pod: Pod): void {
    const record = this.#records.get(pod.metadata.uid ?? '')
    if (record === undefined) return
    if (isNewer(pod, record.pod)) record.pod = pod
    record.gone = true
    this.#end(record)
    this.#queue.add(record.uid)
  }

  /** Sandboxes of pods that the API does not have (any more). */
  #adoptOrphans(sandboxes: readonly Sandbox[]): void {
    for (const sandbox of sandboxes) {
      const uid = sandbox.labels[labelNames.podUid]
      if (uid === undefined || this.#records.has(uid)) continue
      const record = podRecord(uid, podOfSandbox(sandbox))
      record.gone = true
      this.#records.set(uid, record)
      this.#queue.add(uid)
    }
  }

  #end(record: PodRecord): void {
    record.endingSinceMs ??= this.#options.clock.now()
    if (!record.ending.signal.aborted) record.ending.abort(new Error('the pod ends'))
  }

  async #reconcile(uid: string): Promise<ReconcileResult> {
    const record = this.#records.get(uid)
    if (record === undefined) return
    const settled = await this.#observe(record)
    const observed = record.observed
    if (observed === undefined) return
    this.#admit(record, observed)
    this.#probe(record, observed)
    this.#operations?.noteEnds(record, observed)
    const seen = this.#viewOf(record, observed)
    if (seen.pod.metadata.deletionTimestamp !== undefined || outcomeOf(seen) !== undefined)
      this.#end(record)
    const view = { ...seen, endingSinceMs: record.endingSinceMs }
    const plan = record.gone ? planRemoval(view, graceSecondsLeft(view)) : planPod(view)
    for (const action of plan.actions) this.#operations?.start(record, action)
    if (!record.gone) this.#operations?.tellBackOffs(record, view)
    if (!record.gone) this.#reportStatus(record)
    const wakeMs = plan.wakeAtMs === undefined ? undefined : plan.wakeAtMs - view.nowMs
    const afterMs = Math.min(
      Math.max(1, wakeMs ?? nodeLimits.resyncMs),
      settled ? nodeLimits.resyncMs : nodeLimits.settleMs,
    )
    return this.#records.has(uid) ? { afterMs } : undefined
  }

  /** Takes a pod or refuses it, once; what was taken before an agent was away stays so. */
  #admit(record: PodRecord, { sandboxes }: Observed): void {
    if (record.taken || record.refusal !== undefined || record.gone) return
    const { pod } = record
    const node = this.#options.node()
    const isNew = sandboxes.length === 0 && !hasStarted(pod) && !isDeleting(pod)
    const refusal =
      isNew && node !== undefined
        ? refusalOf({ pod, node, others: this.#takenBut(record) })
        : undefined
    record.refusal = refusal
    record.taken = refusal === undefined
    if (refusal !== undefined) this.#operations?.tellRefusal(record, refusal)
  }

  #takenBut(record: PodRecord): Pod[] {
    return [...this.#records.values()].flatMap((other) => {
      const { pod, gone, taken } = other
      const counts = other !== record && !gone && (taken || hasStarted(pod)) && !isPodFinished(pod)
      return counts ? [pod] : []
    })
  }

  /** Reads the runtime when something may be new; false when it lags behind its own events. */
  async #observe(record: PodRecord): Promise<boolean> {
    if (record.observed === undefined || this.#dirty.has(record.uid)) {
      this.#dirty.delete(record.uid)
      try {
        record.observed = await this.#options.observe(record)
      } catch (error) {
        this.#dirty.add(record.uid)
        throw error
      }
    }
    const { sandboxes, containers } = record.observed
    for (const { id } of [...sandboxes, ...containers]) this.#owners.set(id, record.uid)
    return this.#settle(record, record.observed)
  }

  #settle(record: PodRecord, { sandboxes, containers }: Observed): boolean {
    const alive = new Set([
      ...sandboxes.filter(({ state }) => state === 'ready').map(({ id }) => id),
      ...containers.filter(isRunning).map(({ id }) => id),
    ])
    let settled = true
    for (const { id } of [...sandboxes, ...containers]) {
      const tries = this.#ended.get(id)
      if (tries === undefined) continue
      if (!alive.has(id) || tries >= nodeLimits.settleTriesMax) this.#ended.delete(id)
      else {
        this.#ended.set(id, tries + 1)
        settled = false
      }
    }
    if (!settled) this.#dirty.add(record.uid)
    return settled
  }

  #probe(record: PodRecord, { containers, sandboxes }: Observed): void {
    const { pod } = record
    const ending = record.gone || pod.metadata.deletionTimestamp !== undefined
    const { hostAddresses, probes } = this.#options
    const addresses = pod.spec.hostNetwork === true ? hostAddresses : sandboxes[0]?.addresses
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
    const statuses = [...initContainerStatuses, ...containerStatuses]
    const view = this.#viewOf(record, { containers, sandboxes })
    // A container is not asked how it is before its postStart hook is over.
    const running = containers.filter((c) => c.state === 'running' && !isStarting(view, c))
    probes.follow(
      record.uid,
      running.flatMap(({ id, name, startedAtMs }) => {
        const container = all.find((candidate) => candidate.name === name)
        if (container === undefined) return []
        const known = statuses.find(({ containerID }) => containerID === `containerd://${id}`)
        const before = known && { started: known.started ?? false, ready: known.ready }
        const address = addresses?.[0] ?? ''
        return [{ id, container, startedAtMs, address, before, ending }]
      }),
    )
  }

  #viewOf(record: PodRecord, observed: Observed): PodView {
    const { probes, clock } = this.#options
    const running = observed.containers.filter(isRunning)
    return {
      ...observed,
      pod: record.pod,
      refusal: record.refusal,
      eviction: record.eviction,
      probes: new Map(running.map(({ id }) => [id, probes.view(id)])),
      waiting: record.waiting,
      busy: record.busy,
      notBeforeMs: record.notBeforeMs,
      killAtMs: record.killAtMs,
      stopping: new Set(record.stopping.keys()),
      failedHooks: record.failedHooks,
      endingSinceMs: record.endingSinceMs,
      stoppedSandboxes: record.stoppedSandboxes,
      volumesReady: record.volumes.ready,
      volumesDueAtMs: record.volumes.dueAtMs,
      nowMs: clock.now(),
    }
  }

  #statusOf(record: PodRecord): PodStatus {
    const observed = record.observed ?? { sandboxes: [], containers: [] }
    const { hostAddresses } = this.#options
    return podStatus(this.#viewOf(record, observed), { hostAddresses })
  }

  /** Writes the status beside the loop; what changes meanwhile is written after that. */
  #reportStatus(record: PodRecord): void {
    if (!this.#options.isAnswering() || record.busy.has(operationKey.status)) return
    if (!statusDiffers(record, this.#statusOf(record))) return
    record.busy.add(operationKey.status)
    this.writeStatus(record)
      .catch((error: unknown) => {
        const { log } = this.#options
        log.warn('a pod status could not be written', {
          pod: record.uid,
          error: describeError(error),
        })
        return this.#options.clock.sleep(nodeLimits.operationBackoff.firstMs)
      })
      .finally(() => {
        record.busy.delete(operationKey.status)
        this.#queue.add(record.uid)
      })
  }
}

/** Whether an agent has taken up the pod before. */
const hasStarted = ({ status }: Pod): boolean => status?.startTime !== undefined

/** As much of a pod as its sandbox tells. */
function podOfSandbox({ labels, annotations }: Sandbox): Pod {
  const grace = annotations[annotationNames.gracePeriodSeconds]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: labels[labelNames.podName] ?? '',
      namespace: labels[labelNames.podNamespace] ?? '',
      uid: labels[labelNames.podUid] ?? '',
    },
    spec: {
      containers: [],
      terminationGracePeriodSeconds: grace === undefined ? 30 : Number(grace),
    },
  }
}
