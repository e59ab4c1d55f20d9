// What users do to the simulated product, drawn from the seed: in spells of work, with rest between them.
import { isReason } from '#base/errors.ts'
import type { StatusReason } from '#base/errors.ts'
import { budgetUsers } from './budgets.ts'
import { containerServiceUsers } from './container-services.ts'
import { deploymentUsers } from './deployments.ts'
import { drainUsers } from './drains.ts'
import { holdUsers } from './holds.ts'
import { machineUsers } from './machines.ts'
import { namespaceUsers } from './namespaces.ts'
import { nodeUsers } from './nodes.ts'
import { podUsers } from './pods.ts'
import { projectUsers } from './projects.ts'
import { serviceUsers } from './services.ts'
import { type Action, between, type UserContext, type Users } from './user-context.ts'

interface Pace {
  /** Between two actions of a spell. */
  pauseMs: { least: number; most: number }
  /** Share of actions after which users rest: the cluster comes to rest, faults or not. */
  restShare: number
}

export const paces = {
  /** As people work. */
  spells: { pauseMs: { least: 2_000, most: 40_000 }, restShare: 0.1 },
  /** Much in little time, where a run must be short. */
  hectic: { pauseMs: { least: 500, most: 8_000 }, restShare: 0 },
} as const satisfies Record<string, Pace>

const restMs = { least: 300_000, most: 1_800_000 } as const

/** What users live with: what they chose is gone, or there, or the server cannot now. */
const LIVED_WITH: readonly StatusReason[] = [
  'NotFound',
  'AlreadyExists',
  'Conflict',
  'Forbidden',
  'InternalError',
  'TooManyRequests',
]

const MEND_RETRY_MS = 1_000

export class Workload {
  readonly #context: UserContext
  readonly #users: readonly Users[]
  readonly #actions: readonly Action[]
  readonly #pace: Pace

  constructor(context: UserContext, pace: Pace) {
    this.#context = context
    this.#pace = pace
    this.#users = [
      deploymentUsers,
      holdUsers,
      podUsers,
      nodeUsers,
      drainUsers,
      serviceUsers,
      budgetUsers,
      namespaceUsers,
      projectUsers,
      containerServiceUsers,
      machineUsers,
    ].map((users) => users(context))
    this.#actions = this.#users.flatMap(({ actions }) => actions)
  }

  /** Acts now and then until `untilMs` of monotonic time. */
  async run(untilMs: number): Promise<void> {
    const { clock, random, trace } = this.#context
    for (;;) {
      const isRest = random.next() < this.#pace.restShare
      const range = isRest ? restMs : this.#pace.pauseMs
      const waitMs = between(this.#context, range.least, range.most)
      if (clock.monotonic() + waitMs >= untilMs) return
      await clock.sleep(waitMs)
      const { name, act } = this.#nextAction()
      try {
        trace.note(`user: ${name} ${(await act()) ?? 'nothing'}`)
      } catch (error) {
        const reason = LIVED_WITH.find((one) => isReason(error, one))
        if (reason === undefined) throw new Error(`"${name}" failed`, { cause: error })
        trace.note(`user: ${name}: ${reason}`)
      }
    }
  }

  /** Makes it possible that all is well: no bad images, no cordons, no machine that is switched off. */
  async mend(): Promise<void> {
    for (const { mend } of this.#users) await this.#untilDone(mend ?? (() => Promise.resolve()))
    this.#context.trace.note('user: mended everything')
  }

  async #untilDone(mend: () => Promise<void>): Promise<void> {
    for (;;)
      try {
        return await mend()
      } catch (error) {
        if (!LIVED_WITH.some((one) => isReason(error, one))) throw error
        await this.#context.clock.sleep(MEND_RETRY_MS)
      }
  }

  #nextAction(): Action {
    const total = this.#actions.reduce((sum, { weight }) => sum + weight, 0)
    let at = this.#context.random.next() * total
    return this.#actions.find(({ weight }) => (at -= weight) < 0) ?? this.#actions[0]!
  }
}
