// Carries out the actions of a plan. Each runs beside the loop under a key; the same key never runs
// twice at once, and a failure is tried again after a back-off.
import { mkdir, rm } from 'node:fs/promises'
import { backoffDelayMs } from '#base/backoff.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/types.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { pods } from '#kinds/refs.ts'
import type { ClusterDns } from '../container/dns-config.ts'
import type { PodCgroups } from '../container/pod-cgroup.ts'
import { podPlaces } from '../container/pod-places.ts'
import { sandboxConfig } from '../container/sandbox-config.ts'
import type { Gate } from '#base/gate.ts'
import { ImageError } from '../images/image-puller.ts'
import { nodeLimits } from '../limits.ts'
import type { SandboxConfig } from '../runtime/runtime.ts'
import { VolumeError } from '../volumes/pod-volumes.ts'
import type { Refusal } from './admit-pod.ts'
import { ContainerStopper } from './container-stopper.ts'
import { type PodAction, keyOfAction } from './plan-builder.ts'
import { warning } from './pod-events.ts'
import { crashLoop, podTitle } from './container-status.ts'
import type { Observed, PodRecord } from './pod-record.ts'
import { type PodView, containersOf, newest, operationKey } from './pod-view.ts'
import {
  type StartDependencies,
  HookError,
  StartError,
  startContainer,
  tellStartFailure,
} from './start-container.ts'

export interface OperationDependencies extends StartDependencies {
  client: Client
  random: Random
  log: Logger
  cgroups: PodCgroups
  sandboxGate: Gate
  machine: StartDependencies['machine'] & { podsCgroup: string }
  clusterDns: ClusterDns
  /** How often volumes are made anew where no cache tells of changes. */
  volumeResyncMs: number | undefined
  hostAddresses: readonly string[]
  /** Writes the pod's status as it is now and waits until the API has it. */
  writeStatus: (record: PodRecord) => Promise<void>
  /** An operation ended: look at the pod again, and at what the runtime has of it. */
  finished: (record: PodRecord) => void
  /** An operation ended that changed nothing in the runtime. */
  touched: (record: PodRecord) => void
  /** Nothing is left of the pod. */
  removed: (record: PodRecord) => void
}

type ActionOf<T extends PodAction['type']> = Extract<PodAction, { type: T }>

/** Operations that change nothing in the runtime, which then need not be asked. */
const OUTSIDE_RUNTIME: ReadonlySet<string> = new Set([operationKey.volumes, operationKey.deletion])

export class PodOperations {
  readonly #deps: OperationDependencies
  readonly #stopper: ContainerStopper

  constructor(deps: OperationDependencies) {
    this.#deps = deps
    this.#stopper = new ContainerStopper(deps)
  }

  start(record: PodRecord, action: PodAction): void {
    if (action.type === 'stop-container') return this.#stopper.stop(record, action)
    if (action.type === 'begin-stop') return void this.#stopper.begin(record, action)
    const key = keyOfAction(action)
    if (key !== undefined) this.#run(record, key, () => this.#perform(record, action))
  }

  #perform(
    record: PodRecord,
    action: Exclude<PodAction, ActionOf<'stop-container' | 'begin-stop'>>,
  ) {
    switch (action.type) {
      case 'prepare-volumes':
        return this.#prepareVolumes(record)
      case 'create-sandbox':
        return this.#createSandbox(record, action)
      case 'stop-sandbox':
        return this.#stopSandbox(record, action.id)
      case 'remove-sandbox':
        return this.#deps.runtime.removeSandbox(action.id)
      case 'start-container':
        return this.#startContainer(record, action)
      case 'remove-container':
        return this.#deps.runtime.removeContainer(action.id)
      case 'confirm-deletion':
        return this.#confirmDeletion(record)
      case 'clean-up':
        return this.#cleanUp(record)
    }
  }

  /** Of a look at the runtime: what has ended waits for nothing any more. */
  noteEnds(record: PodRecord, observed: Observed): void {
    this.#stopper.noteEnds(record, observed)
  }

  tellRefusal({ pod }: PodRecord, { reason, message }: Refusal): void {
    this.#deps.events.aboutPod(pod, warning(reason, message))
  }

  /** Says once for each crash that the restart is held back. */
  tellBackOffs(record: PodRecord, view: PodView): void {
    for (const container of containersOf(record.pod)) {
      const last = newest(view, container.name)
      if (last === undefined || crashLoop(view, container, last) === undefined) continue
      if (record.toldBackOffs.has(last.id)) continue
      record.toldBackOffs.add(last.id)
      const message = `Back-off restarting failed container ${container.name} in pod ${podTitle(view)}`
      this.#deps.events.aboutContainer(record.pod, container, warning('BackOff', message))
    }
  }

  #run(record: PodRecord, key: string, operation: () => Promise<void>): void {
    record.busy.add(key)
    operation()
      .then(
        () => record.failures.delete(key),
        (error: unknown) => this.#failed(record, key, error),
      )
      .finally(() => {
        record.busy.delete(key)
        if (OUTSIDE_RUNTIME.has(key)) this.#deps.touched(record)
        else this.#deps.finished(record)
      })
  }

  #failed(record: PodRecord, key: string, error: unknown): void {
    // The pod is to end: what was under way gave up as it was told.
    if (record.ending.signal.aborted && error === record.ending.signal.reason) return
    const { clock, random, log } = this.#deps
    const failures = record.failures.get(key) ?? 0
    record.failures.set(key, failures + 1)
    const delayMs = backoffDelayMs(nodeLimits.operationBackoff, failures, random)
    const retryAtMs = error instanceof ImageError ? this.#imageRetryAtMs(record, error) : undefined
    const isNew = key === operationKey.volumes && record.volumes.isStale
    record.notBeforeMs.set(key, isNew ? clock.now() : (retryAtMs ?? clock.now() + delayMs))
    const level = error instanceof StartError || error instanceof ImageError ? 'debug' : 'warn'
    log[level]('a step of a pod failed', { pod: podTitle(record), step: key, error })
  }

  /** After a failed pull the wait is shown as such; after that nothing happens until it is over. */
  #imageRetryAtMs(record: PodRecord, error: ImageError): number | undefined {
    if (error.tried) return undefined
    const all = containersOf(record.pod).map(({ image = '' }) =>
      this.#deps.images.retryAtMs(record.uid, image),
    )
    const waits = all.filter((atMs) => atMs !== undefined && atMs > this.#deps.clock.now())
    return waits.length === 0 ? undefined : Math.min(...(waits as number[]))
  }

  async #prepareVolumes(record: PodRecord): Promise<void> {
    const { volumes, events, hostAddresses, volumeResyncMs, clock } = this.#deps
    record.volumes.isStale = false
    try {
      const podAddresses = record.observed?.sandboxes[0]?.addresses ?? []
      const { refreshAtMs } = await volumes.prepare(record.pod, { podAddresses, hostAddresses })
      const resyncAtMs = volumeResyncMs === undefined ? undefined : clock.now() + volumeResyncMs
      const due = [refreshAtMs, resyncAtMs].filter((atMs) => atMs !== undefined)
      // Something changed that may have been read before: once more.
      if (record.volumes.isStale) due.push(clock.now())
      record.volumes.ready = true
      record.volumes.dueAtMs = due.length === 0 ? undefined : Math.min(...due)
    } catch (error) {
      if (error instanceof VolumeError)
        events.aboutPod(record.pod, warning('FailedMount', error.message))
      throw error
    }
  }

  #sandboxConfig(pod: Pod, attempt: number): SandboxConfig {
    return sandboxConfig({ ...this.#deps, pod, attempt })
  }

  async #createSandbox(record: PodRecord, action: ActionOf<'create-sandbox'>): Promise<void> {
    const { pod, ending } = record
    const { events, machine, runtime, cgroups, sandboxGate } = this.#deps
    try {
      await mkdir(podPlaces(machine, pod).logs, { recursive: true })
      cgroups.prepare(pod)
      await sandboxGate.run(async () => {
        ending.signal.throwIfAborted()
        await runtime.runSandbox(this.#sandboxConfig(pod, action.attempt))
      })
    } catch (error) {
      if (!ending.signal.aborted)
        events.aboutPod(
          pod,
          warning(
            'FailedCreatePodSandBox',
            `Failed to create pod sandbox: ${(error as Error).message}`,
          ),
        )
      throw error
    }
  }

  async #stopSandbox(record: PodRecord, id: string): Promise<void> {
    await this.#deps.runtime.stopSandbox(id)
    record.stoppedSandboxes.add(id)
  }

  async #startContainer(record: PodRecord, action: ActionOf<'start-container'>): Promise<void> {
    const { pod, ending } = record
    const container = containersOf(pod).find(({ name }) => name === action.name)
    const sandbox = record.observed?.sandboxes.find(({ id }) => id === action.sandboxId)
    if (container === undefined || sandbox === undefined) return
    const { hostAddresses } = this.#deps
    const start = {
      ...action,
      pod,
      container,
      sandboxConfig: this.#sandboxConfig(pod, sandbox.attempt),
      podAddresses: pod.spec.hostNetwork === true ? hostAddresses : sandbox.addresses,
      hostAddresses,
      signal: ending.signal,
    }
    try {
      await startContainer(this.#deps, start)
      record.waiting.delete(action.name)
    } catch (error) {
      if (error instanceof StartError || error instanceof ImageError) {
        record.waiting.set(action.name, error.waiting)
        if (error instanceof HookError) record.failedHooks.add(error.containerId)
        tellStartFailure(this.#deps.events, start, error)
      }
      throw error
    }
  }

  async #confirmDeletion(record: PodRecord): Promise<void> {
    const { client, clock, writeStatus } = this.#deps
    await writeStatus(record)
    const { name, namespace, uid = '' } = record.pod.metadata
    try {
      await client
        .resource(pods)
        .delete({ namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } })
    } catch (error) {
      // Gone already, or replaced by another pod of the same name.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
    // Finalizers may keep the pod: asking again is of no use before something changes.
    record.notBeforeMs.set(operationKey.deletion, clock.now() + nodeLimits.resyncMs)
  }

  async #cleanUp(record: PodRecord): Promise<void> {
    const { volumes, cgroups, machine, images, removed } = this.#deps
    await volumes.remove(record.uid)
    await rm(podPlaces(machine, record.pod).logs, { recursive: true, force: true })
    cgroups.remove(record.uid)
    images.forget(record.uid)
    removed(record)
  }
}
