// Runs the probes of all containers that run on this machine: one timer a probe, a bound on how many
// ask at once.
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Container, Probe } from '#kinds/k8s/core.ts'
import type { ProbeView } from '../pods/pod-view.ts'
import type { Gate } from '#base/gate.ts'
import {
  type ProbeKind,
  type ProbeProgress,
  type ProbeState,
  isEager,
  newProbeState,
  nextLookMs,
  observeProbe,
  periodMsOf,
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

/** What users are told of a probe: it failed, passed with a remark, or could not be made. */
export interface ProbeFinding {
  kind: ProbeKind
  container: Container
  outcome: 'failed' | 'warning' | 'errored'
  output: string
}

export interface ProbeManagerOptions {
  clock: Clock
  random: Random
  log: Logger
  prober: Prober
  /** Bounds the probes under way. */
  gate: Gate
  /** Whether the machine is reached: while it is not, a probe says nothing of its container. */
  isAnswering: () => boolean
  /** A verdict changed. */
  changed: (uid: string) => void
  found: (uid: string, finding: ProbeFinding) => void
}

interface Watch {
  kind: ProbeKind
  probe: Probe
  state: ProbeState
  /** When a new container was first looked at; undefined for one that ran before this agent did. */
  firstLookAtMs: number | undefined
  looks: number
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

const WORDS: Readonly<Record<ProbeFinding['outcome'], { reason: string; what: string }>> = {
  failed: { reason: 'Unhealthy', what: 'failed' },
  warning: { reason: 'ProbeWarning', what: 'warning' },
  errored: { reason: 'Unhealthy', what: 'errored and resulted in unknown state' },
}

/** The event about a finding, in the kubelet's words. */
export function probeEvent(finding: ProbeFinding): { reason: string; message: string } {
  const { reason, what } = WORDS[finding.outcome]
  return { reason, message: `${TITLES[finding.kind]} probe ${what}: ${finding.output}` }
}

const progressOf = (watch: Watch, nowMs: number): ProbeProgress => ({
  ...watch,
  elapsedMs: watch.firstLookAtMs === undefined ? undefined : nowMs - watch.firstLookAtMs,
})

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
    const { target, watches } = probed
    const { clock, random } = this.#options
    const isAdopted = target.before !== undefined
    const nowMs = clock.now()
    const wantedAtMs = target.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000
    // After a start of the agent its containers are not asked all at once.
    const spreadMs = isAdopted ? random.next() * periodMsOf(probe) : 0
    const firstAtMs = Math.max(wantedAtMs, nowMs + spreadMs)
    const watch: Watch = {
      kind,
      probe,
      state: newProbeState,
      firstLookAtMs: isAdopted ? undefined : firstAtMs,
      looks: 0,
      timer: undefined,
      stopped: false,
    }
    watches.set(kind, watch)
    this.#schedule(probed, watch, firstAtMs - nowMs)
  }

  #schedule(probed: Probed, watch: Watch, delayMs: number): void {
    watch.timer = this.#options.clock.after(delayMs, () => {
      this.#look(probed, watch).catch((error: unknown) => {
        if (watch.stopped) return
        const { container, id } = probed.target
        this.#options.log.debug('a probe could not be made', { container: id, error })
        const output = (error as Error).message
        this.#tell(probed, { kind: watch.kind, container, outcome: 'errored', output })
        this.#schedule(probed, watch, periodMsOf(watch.probe))
      })
    })
  }

  #tell(probed: Probed, finding: ProbeFinding): void {
    this.#options.found(probed.uid, finding)
  }

  /** Periods are counted from the beginning of a look, however long it takes. */
  #scheduleNext(probed: Probed, watch: Watch, begunAtMs: number): void {
    if (watch.stopped) return
    const delayMs = nextLookMs(progressOf(watch, begunAtMs), watch.looks - 1)
    const wantedMs = begunAtMs + delayMs - this.#options.clock.now()
    this.#schedule(probed, watch, Math.max(0, wantedMs))
  }

  async #look(probed: Probed, watch: Watch): Promise<void> {
    const { probe, kind } = watch
    const { container, id: containerId, address } = probed.target
    const { gate, prober, isAnswering, clock } = this.#options
    const begunAtMs = clock.now()
    const eager = isEager(progressOf(watch, begunAtMs))
    watch.looks += 1
    const result = await gate.run(() => prober({ probe, container, containerId, address }))
    if (watch.stopped) return
    const { ok, warning, output } = result
    if (!ok && !isAnswering()) return this.#scheduleNext(probed, watch, begunAtMs)
    if (ok && warning) this.#tell(probed, { kind, container, outcome: 'warning', output })
    if (!ok && !eager) this.#tell(probed, { kind, container, outcome: 'failed', output })
    const before = watch.state.verdict
    if (ok || !eager) watch.state = observeProbe(watch.state, probe, ok)
    if (watch.state.verdict !== before) {
      this.#advance(probed)
      this.#options.changed(probed.uid)
    }
    this.#scheduleNext(probed, watch, begunAtMs)
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
