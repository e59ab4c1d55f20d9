// Stops containers: users are told, the preStop hook runs, then TERM, and KILL when the time is up.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Container } from '#kinds/k8s/core.ts'
import { stopSignals } from '#kinds/stop-signals.ts'
import { nodeLimits } from '../limits.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { runHook } from './lifecycle-hook.ts'
import type { PodAction } from './plan-builder.ts'
import { type PodEvents, normal, warning } from './pod-events.ts'
import type { Observed, PodRecord, Stopping } from './pod-record.ts'
import { containersOf, isRunning } from './pod-view.ts'

export interface StopDependencies {
  runtime: Runtime
  clock: Clock
  log: Logger
  events: PodEvents
  hostAddresses: readonly string[]
  /** A stop ended: look at the pod again. */
  finished: (record: PodRecord) => void
}

type StopAction = Extract<PodAction, { type: 'stop-container' | 'begin-stop' }>

const containerNamed = ({ pod }: PodRecord, wanted: string): Container | undefined =>
  containersOf(pod).find(({ name }) => name === wanted)

/** What a container is left with when its preStop hook used up the grace period. */
const STOP_GRACE_SECONDS_MIN = 2

export class ContainerStopper {
  readonly #deps: StopDependencies

  constructor(deps: StopDependencies) {
    this.#deps = deps
  }

  /** Tells users of the stop and runs the preStop hook: once for a container. */
  begin(record: PodRecord, action: StopAction): Stopping {
    const known = record.stopping.get(action.id)
    if (known !== undefined) return known
    this.#deps.events.aboutContainer(record.pod, action, normal('Killing', action.why))
    const container = containerNamed(record, action.name)
    const ended = new AbortController()
    const has = container?.lifecycle?.preStop !== undefined
    const hook = has ? this.#preStop(record, action, { container, ended }) : undefined
    const stopping: Stopping = { hook, ended }
    record.stopping.set(action.id, stopping)
    return stopping
  }

  /** A stop may overtake one that takes longer. */
  stop(record: PodRecord, action: StopAction): void {
    const { clock, log, finished } = this.#deps
    record.killAtMs.set(action.id, clock.now() + action.graceSeconds * 1000)
    this.#stop(record, action)
      .catch((error: unknown) => {
        log.warn('a container could not be stopped', { container: action.id, error })
        // Tried again, but not at once.
        return clock.sleep(nodeLimits.operationBackoff.maxMs)
      })
      .finally(() => {
        record.killAtMs.delete(action.id)
        finished(record)
      })
  }

  /** Hooks of containers that have ended are waited for no longer. */
  noteEnds({ stopping }: PodRecord, { containers }: Observed): void {
    for (const [id, { ended }] of stopping)
      if (!isRunning(containers.find((container) => container.id === id)))
        ended.abort(new Error('the container has ended'))
  }

  async #stop(record: PodRecord, action: StopAction): Promise<void> {
    const { clock, runtime } = this.#deps
    const beganAtMs = clock.now()
    const { hook, ended } = this.begin(record, action)
    if (hook !== undefined) await this.#waitFor(hook, action.graceSeconds)
    const usedSeconds = Math.round((clock.now() - beganAtMs) / 1000)
    const leftSeconds = action.graceSeconds - usedSeconds
    const graceSeconds =
      usedSeconds === 0 ? leftSeconds : Math.max(STOP_GRACE_SECONDS_MIN, leftSeconds)
    const signalled = await this.#signal(record, action, { graceSeconds, ended: ended.signal })
    await runtime.stopContainer(action.id, signalled ? 0 : graceSeconds)
  }

  /** Stops by the signal that the container asks for, which the runtime cannot be told. */
  async #signal(
    record: PodRecord,
    { id, name }: StopAction,
    { graceSeconds, ended }: { graceSeconds: number; ended: AbortSignal },
  ): Promise<boolean> {
    const stopSignal = containerNamed(record, name)?.lifecycle?.stopSignal
    const signal = stopSignals[stopSignal ?? '']
    if (signal === undefined) return false
    const { runtime, clock } = this.#deps
    if (ended.aborted) return true
    await runtime.signalContainer(id, signal)
    await clock.sleep(graceSeconds * 1000, ended).catch((error: unknown) => {
      if (!ended.aborted) throw error
    })
    return true
  }

  async #waitFor(hook: Promise<void>, seconds: number): Promise<void> {
    const over = new AbortController()
    const late = this.#deps.clock.sleep(seconds * 1000, over.signal).catch((error: unknown) => {
      if (!over.signal.aborted) throw error
    })
    await Promise.race([hook, late])
    over.abort()
  }

  /** Never rejects: the container is stopped all the same. */
  async #preStop(
    record: PodRecord,
    action: StopAction,
    { container, ended }: { container: Container; ended: AbortController },
  ): Promise<void> {
    const { pod, observed } = record
    const { events, log, hostAddresses } = this.#deps
    const own = pod.spec.hostNetwork === true ? hostAddresses : observed?.sandboxes[0]?.addresses
    const handler = container.lifecycle?.preStop ?? {}
    try {
      await runHook(handler, {
        ...this.#deps,
        pod,
        container,
        containerId: action.id,
        address: own?.[0] ?? '',
        timeoutSeconds: action.graceSeconds,
        signal: ended.signal,
      })
    } catch (error) {
      if (ended.signal.aborted) return
      // What the hook wrote may be secret: it is for the log of whoever runs the machine.
      log.info('a preStop hook failed', { container: action.id, error })
      events.aboutContainer(pod, container, warning('FailedPreStopHook', 'PreStopHook failed'))
    }
  }
}
