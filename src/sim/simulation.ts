// The whole product in one process on a fake clock: the real API servers, controllers, scheduler and
// platform, simulated nodes and users, and faults. Everything follows from the seed.
import { type FakeClock, fakeClock } from '#base/fake-clock.ts'
import { describeError, lineLogger, type Logger, silentLogger } from '#base/log.ts'
import { type Random, seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { DurableState } from './api/durable-state.ts'
import { openSimApi, type SimApi, type SimApiOptions } from './api/sim-api.ts'
import { type BudgetsKept, budgetsKept } from './checks/budgets-kept.ts'
import type { Check, CheckContext } from './checks/check.ts'
import { type FinalizersHonoured, finalizersHonoured } from './checks/finalizers-honoured.ts'
import { hubChecks, memberChecks } from './checks/member-checks.ts'
import { type RolloutAvailability, rolloutAvailability } from './checks/rollout-availability.ts'
import { servedTruth } from './checks/served-truth.ts'
import { unsureCreations } from './checks/unsure-creations.ts'
import { FaultDriver } from './fault-driver.ts'
import { allFaults, createFaults, type Fault, type Faults } from './faults.ts'
import { makeKinds, makeMachines, makeNodes } from './first-objects.ts'
import { simulatedNode } from './nodes/node-objects.ts'
import { Outages } from './nodes/outages.ts'
import { SimNodes } from './nodes/sim-nodes.ts'
import type { Plant } from './plant.ts'
import { Process, type ProcessTools } from './processes.ts'
import {
  controllersProcess,
  HEARTBEAT_MS,
  hubControllersProcess,
  platformProcess,
  schedulerProcess,
} from './real-processes.ts'
import { staleCaches } from './settled/caches.ts'
import { unsettled } from './settled/unsettled.ts'
import { providerProcess } from './sim-provider.ts'
import { Trace } from './trace.ts'
import { paces, Workload } from './users/workload.ts'

export interface SimulationOptions {
  seed: number
  /** Simulated time with users and faults; what comes after is to settle. */
  minutes: number
  faults?: readonly Fault[]
  /** Other probabilities of faults than the usual ones. */
  rates?: Partial<Record<Fault, number>>
  /** How much users do; spells unless given. */
  pace?: keyof typeof paces
  /** A bug, to see whether it would be found. */
  plant?: Plant
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
  /** Writes that reached a disk. */
  writes: number
  simulatedMs: number
  /** Simulated seconds from the end of all faults to the declared state. */
  settledAfterSeconds: number | undefined
}

const limits = {
  nodes: 4,
  /** After the last fault the declared state is reached within this. */
  settleMinutesMax: 12,
  quietMinutes: 4,
  /** Writes of a minute when there is nothing to do; leases and events do not count. */
  quietWritesPerMinuteMax: 2,
  /** How far the clock of a node may be off. */
  skewMs: 120_000,
} as const

const NODE_SIZE = { cpu: '7', memory: '8Gi', pods: '30' }
const SERVICE_CIDR = '10.96.0.0/16'
const STEP_MS = 2_000
/** Between two looks of the checks that time alone makes speak. */
const LOOK_MS = 10_000
const MINUTE_MS = 60_000

class Simulation {
  readonly #options: SimulationOptions
  readonly #random: Random
  readonly #clock: FakeClock
  readonly #log: Logger
  readonly #trace: Trace
  readonly #faults: Faults
  readonly #outages = new Outages()
  readonly #nodes = Array.from({ length: limits.nodes }, (_, i) => simulatedNode(i, NODE_SIZE))
  readonly #processes: Process[] = []
  readonly #states: { member: DurableState; hub: DurableState }
  readonly #availability: RolloutAvailability
  readonly #budgets: BudgetsKept
  readonly #unsure
  readonly #finalizers: FinalizersHonoured
  readonly #checks: readonly Check[]
  #simNodes: SimNodes | undefined
  #nextLookMs = 0
  #problem: string | undefined
  #settledAfterSeconds: number | undefined

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#clock = fakeClock()
    const { write } = options
    const now = () => this.#clock.monotonic()
    this.#log = write === undefined ? silentLogger : lineLogger({ write, now, level: 'info' })
    this.#trace = new Trace(now, write)
    const enabled = options.faults ?? allFaults
    const { rates = {} } = options
    this.#faults = createFaults({ enabled, rates }, this.#fork(), this.#trace)
    this.#states = {
      member: new DurableState('member', this.#trace),
      hub: new DurableState('hub', this.#trace),
    }
    const context = this.#contextOf(this.#states.member)
    this.#availability = rolloutAvailability(context)
    this.#budgets = budgetsKept(context)
    this.#unsure = unsureCreations(this.#clock)
    this.#finalizers = finalizersHonoured(context)
    const ofMember = memberChecks(context, {
      availability: this.#availability,
      budgets: this.#budgets,
      unsure: this.#unsure,
      finalizers: this.#finalizers,
      faults: enabled,
      isOut: (node) => this.#outages.isOut(node),
    })
    const ofHub = hubChecks(this.#contextOf(this.#states.hub))
    this.#checks = [...ofMember, ...ofHub]
    follow(this.#states.member, ofMember)
    follow(this.#states.hub, ofHub)
  }

  #contextOf(state: DurableState): CheckContext {
    return { state, clock: this.#clock, report: (problem) => this.#report(problem) }
  }

  async run(): Promise<SimulationResult> {
    const apis = await this.#until(this.#openApis())
    try {
      await this.#live(apis)
    } catch (error) {
      this.#report(`the simulation itself failed: ${describeError(error)}`)
    }
    for (const process of this.#processes) process.kill()
    await this.#until(Promise.all([apis.member.close(), apis.hub.close()]))
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

  async #openApis(): Promise<{ member: SimApi; hub: SimApi }> {
    const common = {
      clock: this.#clock,
      log: this.#log,
      faults: this.#faults,
      failed: (problem: string) => this.#report(problem),
      ...(this.#options.plant === undefined ? {} : { plant: this.#options.plant }),
    }
    const open = (state: DurableState, options: Pick<SimApiOptions, 'serviceCIDR'>) =>
      openSimApi({
        ...common,
        ...options,
        state,
        random: this.#fork(),
        check: (call) => {
          const checked = servedTruth(call, state, (problem) => this.#report(problem))
          return state === this.#states.member ? this.#budgets.watching(checked) : checked
        },
      })
    return {
      member: await open(this.#states.member, { serviceCIDR: SERVICE_CIDR }),
      hub: await open(this.#states.hub, {}),
    }
  }

  async #live({ member, hub }: { member: SimApi; hub: SimApi }): Promise<void> {
    const clients = {
      member: createClient(member.patientCall),
      hub: createClient(hub.patientCall),
    }
    await this.#until(makeNodes(clients.member, this.#nodes))
    await this.#until(makeKinds(clients.hub))
    await this.#pass(STEP_MS)
    await this.#until(makeMachines(clients.hub, this.#nodes))
    this.#startProcesses({ member: member.call, hub: hub.call })
    const workload = new Workload(
      {
        ...clients,
        clock: this.#clock,
        random: this.#fork(),
        trace: this.#trace,
        disturbed: (key) => this.#availability.disturb(key),
        allDisturbed: (untilMs) => this.#availability.disturbAll(untilMs),
        letGo: (uid) => this.#finalizers.letGo(uid),
      },
      paces[this.#options.pace ?? 'spells'],
    )
    const driver = new FaultDriver({
      clock: this.#clock,
      faults: this.#faults,
      apis: [member, hub],
      processes: this.#processes,
      outages: this.#outages,
      nodeNames: this.#nodes.map(({ metadata }) => metadata.name),
      simNodes: () => this.#simNodes!,
      member,
      availability: this.#availability,
    })
    const broken = (error: unknown) => this.#report(`the workload failed: ${describeError(error)}`)
    const endMs = this.#clock.monotonic() + this.#options.minutes * MINUTE_MS
    void workload.run(endMs).catch(broken)
    while (this.#clock.monotonic() < endMs && this.#problem === undefined) {
      await this.#pass(MINUTE_MS)
      driver.strikeMinute()
    }
    if (this.#problem !== undefined) return
    this.#faults.end()
    await this.#pass(MINUTE_MS)
    await this.#until(workload.mend().catch(broken))
    await this.#settle()
    await this.#stayQuiet()
  }

  #startProcesses(calls: ProcessTools['calls']): void {
    const { plant } = this.#options
    const tools: ProcessTools = {
      calls,
      clock: this.#clock,
      random: this.#fork(),
      log: this.#log,
      faults: this.#faults,
      check: (call) => this.#unsure.noting(call),
    }
    const planted = {
      ...tools,
      ...(plant?.call === undefined ? {} : { plantCall: plant.call }),
    }
    const skews = new Map(
      this.#nodes.map(({ metadata }, i) => [
        metadata.name,
        i === 0 ? 0 : this.#faults.timeMs(2 * limits.skewMs) - limits.skewMs,
      ]),
    )
    this.#processes.push(
      new Process('nodes', tools, (context) => {
        this.#simNodes = new SimNodes({
          ...context,
          nodes: this.#nodes,
          outages: this.#outages,
          heartbeatMs: HEARTBEAT_MS,
          pullFails: ({ metadata }) => this.#faults.strikes('pull-failure', metadata.name),
          skewMs: (node) => skews.get(node) ?? 0,
        })
        this.#simNodes.start()
      }),
      new Process('scheduler', planted, plant?.scheduler ?? schedulerProcess),
      new Process('controllers', planted, plant?.controllers ?? controllersProcess),
      new Process('platform', planted, plant?.platform ?? platformProcess),
      new Process('hub controllers', planted, hubControllersProcess),
      new Process('provider', tools, providerProcess(this.#outages)),
    )
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
    for (let left = ms; left > 0 && this.#problem === undefined; left -= STEP_MS) {
      await this.#clock.advance(STEP_MS)
      if (this.#clock.monotonic() < this.#nextLookMs) continue
      this.#nextLookMs = this.#clock.monotonic() + LOOK_MS
      for (const check of this.#checks) check.passed?.()
    }
  }

  async #settle(): Promise<void> {
    const startMs = this.#clock.monotonic()
    const endMs = startMs + limits.settleMinutesMax * MINUTE_MS
    // The users' last changes are to be seen first.
    await this.#pass(5 * STEP_MS)
    while (this.#problem === undefined) {
      // The last silence may have begun a moment ago, not noticed by anyone yet.
      const silent = this.#outages.because('silent').map((node) => `node ${node} is silent`)
      const left = [...silent, ...unsettled(this.#states)]
      if (left.length === 0) break
      if (this.#clock.monotonic() > endMs)
        return this.#report(
          `not as declared after ${limits.settleMinutesMax} min: ${left.join('; ')}`,
        )
      await this.#pass(STEP_MS)
    }
    this.#settledAfterSeconds = Math.round((this.#clock.monotonic() - startMs) / 1_000)
  }

  async #stayQuiet(): Promise<void> {
    // Back-offs and statuses in flight come to an end.
    await this.#pass(MINUTE_MS)
    const countWrites = () => this.#states.member.writes + this.#states.hub.writes
    const before = countWrites()
    await this.#pass(limits.quietMinutes * MINUTE_MS)
    const perMinute = (countWrites() - before) / limits.quietMinutes
    if (perMinute > limits.quietWritesPerMinuteMax)
      this.#report(`${perMinute} writes a minute though there is nothing to do`)
    const left = unsettled(this.#states)
    if (left.length > 0) this.#report(`did not stay as declared: ${left.join('; ')}`)
    const stale = staleCaches(this.#processes, this.#states)
    if (stale.length > 0) this.#report(`a cache is wrong: ${stale.join('; ')}`)
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
      writes: this.#states.member.allWrites + this.#states.hub.allWrites,
      simulatedMs: this.#clock.monotonic(),
      settledAfterSeconds: this.#settledAfterSeconds,
    }
  }
}

function follow(state: DurableState, checks: readonly Check[]): void {
  state.on((change) => {
    for (const check of checks) check.changed?.(change)
  })
}

export function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run()
}
