// A whole cluster in one process on a fake clock: the real API server, controllers and scheduler,
// simulated nodes and users, and faults. Everything follows from the seed.
import type { ApiCall } from '#base/api-call.ts'
import { type FakeClock, fakeClock } from '#base/fake-clock.ts'
import { describeError, lineLogger, type Logger, silentLogger } from '#base/log.ts'
import { type Random, seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import type { Node } from '#kinds/k8s/core.ts'
import * as refs from '#kinds/refs.ts'
import { type AcknowledgedWrites, acknowledgedWrites } from './checks/acknowledged-writes.ts'
import type { Check, CheckContext } from './checks/check.ts'
import { noOvercommit } from './checks/no-overcommit.ts'
import { noSurplusPods } from './checks/no-surplus-pods.ts'
import { oneNodePerPod } from './checks/one-node-per-pod.ts'
import { revisionsRise } from './checks/revisions-rise.ts'
import { type RolloutAvailability, rolloutAvailability } from './checks/rollout-availability.ts'
import { unsettled } from './checks/settled.ts'
import { checkWatches } from './checks/watch-order.ts'
import { allFaults, createFaults, type Fault, type Faults, faultTimes } from './faults.ts'
import { Observer } from './observer.ts'
import {
  controllersProcess,
  type Process,
  schedulerProcess,
  type StartProcess,
  startProcess,
} from './processes.ts'
import { openSimApi, type SimApi } from './sim-api.ts'
import { SimNodes } from './sim-nodes.ts'
import { Trace } from './trace.ts'
import { Workload } from './workload.ts'

export interface SimulationOptions {
  seed: number
  /** Simulated time with users and faults; what comes after is to settle. */
  minutes: number
  faults?: readonly Fault[]
  /** Other processes than the real ones, to see whether a bug would be found. */
  controllers?: StartProcess
  scheduler?: StartProcess
  /** Hears every line of the trace and of the logs. */
  write?: (line: string) => void
}

export interface SimulationResult {
  seed: number
  /** What went wrong, if anything. */
  problem: string | undefined
  /** The same for the same seed and the same code. */
  traceHash: string
  traceLines: number
  /** The end of the trace. */
  tail: readonly string[]
  faults: Partial<Record<Fault, number>>
  /** Simulated seconds from the end of all faults to the declared state. */
  settledAfterSeconds: number | undefined
}

const limits = {
  nodes: 4,
  /** After the last fault the declared state is reached within this. */
  settleMinutesMax: 10,
  quietMinutes: 3,
  /** Writes of a minute when there is nothing to do; nodes' leases do not count. */
  quietWritesPerMinuteMax: 2,
  /** How long after a silence its effects on pods may come. */
  silenceEchoMs: 420_000,
} as const

const OBSERVED = [refs.nodes, refs.deployments, refs.replicaSets, refs.pods]

class Simulation {
  readonly #options: SimulationOptions
  readonly #random: Random
  readonly #clock: FakeClock
  readonly #log: Logger
  readonly #trace: Trace
  readonly #faults: Faults
  readonly #observer: Observer
  readonly #processes: Process[] = []
  #problem: string | undefined
  #settledAfterSeconds: number | undefined
  readonly #acknowledged: AcknowledgedWrites = acknowledgedWrites(OBSERVED.map(({ kind }) => kind))
  #availability: RolloutAvailability | undefined

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#clock = fakeClock()
    const now = () => this.#clock.now()
    const { write } = options
    this.#log = write === undefined ? silentLogger : lineLogger({ write, now, level: 'info' })
    this.#trace = new Trace(now, write)
    this.#faults = createFaults(options.faults ?? allFaults, this.#fork(), this.#trace)
    this.#observer = new Observer(this.#trace)
  }

  async run(): Promise<SimulationResult> {
    const { clock, random, log } = { clock: this.#clock, random: this.#fork(), log: this.#log }
    const api = await this.#until(openSimApi({ clock, random, log }))
    try {
      await this.#live(api)
    } catch (error) {
      this.#report(`the simulation itself failed: ${describeError(error)}`)
    }
    this.#observer.stop()
    for (const process of this.#processes) process.kill()
    await this.#until(api.close())
    return this.#result()
  }

  /** A generator of its own for each part, so that one part's draws do not move another's. */
  #fork(): Random {
    return seededRandom(Math.floor(this.#random.next() * 2 ** 32))
  }

  #report(problem: string): void {
    if (this.#problem !== undefined) return
    this.#problem = problem
    this.#trace.note(`problem: ${problem}`)
  }

  async #live(api: SimApi): Promise<void> {
    const { patientCall: call } = api
    this.#watchAll(call)
    const nodes = Array.from({ length: limits.nodes }, (_, i) => nodeOf(i))
    const client = createClient(call)
    for (const node of nodes) await this.#until(client.resource(refs.nodes).create(node))
    const simNodes = this.#startProcesses(api.call, nodes)
    const workload = new Workload({
      call,
      clock: this.#clock,
      random: this.#fork(),
      trace: this.#trace,
      disturbed: (key) => this.#availability?.disturb(key),
    })
    const endMs = this.#clock.now() + this.#options.minutes * 60_000
    const broken = (error: unknown) => this.#report(`the workload failed: ${describeError(error)}`)
    void workload.run(endMs).catch(broken)
    while (this.#clock.now() < endMs && this.#problem === undefined) {
      await this.#pass(60_000)
      this.#strikeProcesses(api)
      this.#strikeNodes(simNodes(), nodes)
    }
    if (this.#problem !== undefined) return
    this.#faults.end()
    for (const { metadata } of nodes) simNodes().wake(metadata.name)
    void workload.mend().catch(broken)
    await this.#settle()
    await this.#stayQuiet()
  }

  #watchAll(call: ApiCall): void {
    const observer = this.#observer
    const context: CheckContext = {
      observer,
      clock: this.#clock,
      report: (problem) => this.#report(problem),
    }
    const availability = rolloutAvailability(context)
    this.#availability = availability
    const checks: Check[] = [
      revisionsRise(context),
      oneNodePerPod(context),
      noOvercommit(context),
      noSurplusPods(context, () => this.#faults.count('answer-lost')),
      availability,
      this.#acknowledged,
    ]
    observer.on((change) => {
      for (const check of checks) check.changed(change)
    })
    observer.start(call, OBSERVED, (error) => this.#report(describeError(error)))
  }

  #startProcesses(call: ApiCall, nodes: readonly Node[]): () => SimNodes {
    const checked = checkWatches(this.#acknowledged.noting(call), (problem) =>
      this.#report(problem),
    )
    const tools = {
      call: checked,
      clock: this.#clock,
      random: this.#fork(),
      log: this.#log,
      faults: this.#faults,
    }
    let simNodes: SimNodes | undefined
    this.#processes.push(
      startProcess('nodes', tools, (context) => {
        simNodes = new SimNodes({ ...context, nodes })
        simNodes.start()
      }),
      startProcess('scheduler', tools, this.#options.scheduler ?? schedulerProcess),
      startProcess('controllers', tools, this.#options.controllers ?? controllersProcess),
    )
    return () => simNodes!
  }

  #strikeProcesses(api: SimApi): void {
    for (const process of this.#processes)
      if (this.#faults.strikes('process-crash', process.name)) this.#soon(() => process.restart())
    if (!this.#faults.strikes('server-crash', 'API server')) return
    this.#soon(() => {
      api.restart().catch((error: unknown) => {
        this.#report(`the API server did not start again: ${describeError(error)}`)
      })
    })
  }

  /** At some moment of the coming minute. */
  #soon(fn: () => void): void {
    this.#clock.after(this.#faults.timeMs(59_000), fn)
  }

  #strikeNodes(simNodes: SimNodes, nodes: readonly Node[]): void {
    for (const { metadata } of nodes) {
      if (!this.#faults.strikes('node-silent', metadata.name)) continue
      const silenceMs = this.#faults.timeMs(faultTimes.silenceMs)
      this.#availability?.disturbAll(this.#clock.now() + silenceMs + limits.silenceEchoMs)
      simNodes.silence(metadata.name)
      this.#clock.after(silenceMs, () => simNodes.wake(metadata.name))
    }
  }

  /** Lets time pass until the promise is settled. */
  async #until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = promise.finally(() => (isSettled = true))
    settled.catch(() => undefined)
    while (!isSettled) await this.#clock.advance(1)
    return settled
  }

  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0 && this.#problem === undefined; left -= 1_000)
      await this.#clock.advance(1_000)
  }

  async #settle(): Promise<void> {
    const startMs = this.#clock.now()
    const endMs = startMs + limits.settleMinutesMax * 60_000
    // The users' last changes are to be seen first.
    await this.#pass(5_000)
    while (this.#problem === undefined) {
      const left = unsettled(this.#observer)
      if (left.length === 0) break
      if (this.#clock.now() > endMs)
        return this.#report(
          `not as declared after ${limits.settleMinutesMax} min: ${left.join('; ')}`,
        )
      await this.#pass(1_000)
    }
    this.#settledAfterSeconds = Math.round((this.#clock.now() - startMs) / 1_000)
  }

  async #stayQuiet(): Promise<void> {
    // Back-offs and statuses in flight come to an end.
    await this.#pass(60_000)
    const countWrites = () => [...this.#observer.writes.values()].reduce((sum, n) => sum + n, 0)
    const before = countWrites()
    await this.#pass(limits.quietMinutes * 60_000)
    const perMinute = (countWrites() - before) / limits.quietMinutes
    if (perMinute > limits.quietWritesPerMinuteMax)
      this.#report(`${perMinute} writes a minute though there is nothing to do`)
    const left = unsettled(this.#observer)
    if (left.length > 0) this.#report(`did not stay as declared: ${left.join('; ')}`)
    const lost = this.#acknowledged.missing()
    if (lost.length > 0) this.#report(`acknowledged and lost: ${lost.join(', ')}`)
  }

  #result(): SimulationResult {
    const counts = allFaults.map((fault) => [fault, this.#faults.count(fault)] as const)
    return {
      seed: this.#options.seed,
      problem: this.#problem,
      traceHash: this.#trace.hash(),
      traceLines: this.#trace.length,
      tail: this.#trace.tail(),
      faults: Object.fromEntries(counts.filter(([, count]) => count > 0)),
      settledAfterSeconds: this.#settledAfterSeconds,
    }
  }
}

function nodeOf(index: number): Node {
  const name = `node-${index + 1}`
  const zone = `zone-${(index % 2) + 1}`
  const resources = { cpu: '4', memory: '8Gi', pods: '30' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone },
    },
    spec: {},
    status: { capacity: resources, allocatable: resources },
  }
}

export function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run()
}
