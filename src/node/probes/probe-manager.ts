// Runs the probes of all containers that run on this machine: one timer a probe, a bound on how many
// ask at once.
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Container, Probe } from '#kinds/k8s/core.ts'
import type { ProbeView } from '../pods/pod-view.ts'
import type { Gate } from '../gate.ts'
import {
  type ProbeKind,
  type ProbeState,
  newProbeState,
  nextProbe,
  observeProbe,
} from './probe-state.ts'
import type { Prober } from './prober.ts'

export interface ProbedContainer {
  id: string
  container: Container
  startedAtMs: number
  address: string
  /** What the API said of this very container before: kept until a probe says otherwise. */
  before: { started: boolean; ready: boolean } | undefined
  /** A pod that ends is only asked whether it is still ready. */
  ending: boolean
}

export interface ProbeFailure {
  kind: ProbeKind
  container: Container
  output: string
}

export interface ProbeManagerOptions {
  clock: Clock
  log: Logger
  prober: Prober
  /** Bounds the probes under way. */
  gate: Gate
  /** Whether the machine is reached: while it is not, a probe says nothing of its container. */
  isAnswering: () => boolean
  /** A verdict changed. */
  changed: (uid: string) => void
  failed: (uid: string, failure: ProbeFailure) => void
}

interface Watch {
  kind: ProbeKind
  probe: Probe
  state: ProbeState
  eagerLooks: number
  timer: Timer | undefined
  stopped: boolean
}

interface Probed {
  uid: string
  target: ProbedContainer
  watches: Map<ProbeKind, Watch>
}

const PROBES = {
  startup: 'startupProbe',
  liveness: 'livenessProbe',
  readiness: 'readinessProbe',
} as const satisfies Record<ProbeKind, keyof Container>

const TITLES: Readonly<Record<ProbeKind, string>> = {
  startup: 'Startup',
  liveness: 'Liveness',
  readiness: 'Readiness',
}

export const failureMessage = ({ kind, output }: ProbeFailure): string =>
  `${TITLES[kind]} probe failed: ${output}`

export class ProbeManager {
  readonly #options: ProbeManagerOptions
  /** By container id. */
  readonly #probed = new Map<string, Probed>()

  constructor(options: ProbeManagerOptions) {
    this.#options = options
  }

  /** Probes exactly these containers of a pod from now on. */
  follow(uid: string, containers: readonly ProbedContainer[]): void {
    const wanted = new Set(containers.map(({ id }) => id))
    for (const [id, probed] of this.#probed)
      if (probed.uid === uid && !wanted.has(id)) this.#drop(id, probed)
    for (const target of containers) {
      const known = this.#probed.get(target.id)
      if (known === undefined) {
        const probed: Probed = { uid, target, watches: new Map() }
        this.#probed.set(target.id, probed)
        this.#advance(probed)
      } else {
        const ends = target.ending && !known.target.ending
        known.target = target
        if (ends) this.#advance(known)
      }
    }
  }

  forget(uid: string): void {
    this.follow(uid, [])
  }

  stop(): void {
    for (const [id, probed] of this.#probed) this.#drop(id, probed)
  }

  /** What is known of a container that runs. */
  view(id: string): ProbeView {
    const probed = this.#probed.get(id)
    if (probed === undefined) return { started: false, ready: false, failed: undefined }
    const started = this.#started(probed)
    const verdict = probed.watches.get('readiness')?.state.verdict
    const { before, container } = probed.target
    const ready = verdict === undefined ? (before?.ready ?? false) : verdict === 'success'
    const hasProbe = container.readinessProbe !== undefined
    return { started, ready: started && (!hasProbe || ready), failed: this.#failure(probed) }
  }

  #failure({ watches }: Probed): ProbeView['failed'] {
    for (const kind of ['startup', 'liveness'] as const)
      if (watches.get(kind)?.state.verdict === 'failure') return kind
    return undefined
  }

  #started({ target, watches }: Probed): boolean {
    if (target.container.startupProbe === undefined) return true
    if (target.before?.started === true) return true
    return watches.get('startup')?.state.verdict === 'success'
  }

  /** Starts and stops probes by what the container has reached: startup first, then the others. */
  #advance(probed: Probed): void {
    const started = this.#started(probed)
    const { ending, container } = probed.target
    const wanted: Record<ProbeKind, boolean> = {
      startup: !started && !ending,
      liveness: started && !ending,
      readiness: started,
    }
    for (const kind of Object.keys(PROBES) as ProbeKind[]) {
      const probe = container[PROBES[kind]]
      const watch = probed.watches.get(kind)
      if (watch !== undefined && !wanted[kind]) this.#end(watch)
      else if (watch === undefined && wanted[kind] && probe !== undefined)
        this.#begin(probed, kind, probe)
    }
  }

  #begin(probed: Probed, kind: ProbeKind, probe: Probe): void {
    const state = newProbeState
    const watch: Watch = { kind, probe, state, eagerLooks: 0, timer: undefined, stopped: false }
    probed.watches.set(kind, watch)
    const firstAtMs = probed.target.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000
    this.#schedule(probed, watch, Math.max(0, firstAtMs - this.#options.clock.now()))
  }

  #schedule(probed: Probed, watch: Watch, delayMs: number): void {
    watch.timer = this.#options.clock.after(delayMs, () => {
      this.#look(probed, watch).catch((error: unknown) => {
        const { log, clock } = this.#options
        log.warn('a probe could not be made', { container: probed.target.id, error })
        if (watch.stopped) return
        const periodMs = (watch.probe.periodSeconds ?? 10) * 1000
        watch.timer = clock.after(periodMs, () => this.#schedule(probed, watch, 0))
      })
    })
  }

  async #look(probed: Probed, watch: Watch): Promise<void> {
    const { probe, kind } = watch
    const { container, id: containerId, address } = probed.target
    const { gate, prober, isAnswering } = this.#options
    const result = await gate.run(() => prober({ probe, container, containerId, address }))
    if (watch.stopped) return
    if (!result.ok && !isAnswering())
      return this.#schedule(probed, watch, nextProbe(kind, probe, watch).delayMs)
    const next = nextProbe(kind, probe, watch)
    const before = watch.state.verdict
    if (!next.eager || result.ok) watch.state = observeProbe(watch.state, probe, result.ok)
    else watch.eagerLooks += 1
    const counts = !next.eager || result.ok
    if (!result.ok && counts)
      this.#options.failed(probed.uid, { kind, container, output: result.output })
    if (watch.state.verdict !== before) {
      this.#advance(probed)
      this.#options.changed(probed.uid)
    }
    if (!watch.stopped) this.#schedule(probed, watch, nextProbe(kind, probe, watch).delayMs)
  }

  #end(watch: Watch): void {
    watch.stopped = true
    watch.timer?.cancel()
  }

  #drop(id: string, probed: Probed): void {
    for (const watch of probed.watches.values()) this.#end(watch)
    this.#probed.delete(id)
  }
}
