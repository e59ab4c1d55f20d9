// What every user of the simulated cluster has: access, time and chance.
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Random } from '#base/random.ts'
import type { Client, ResourceClient } from '#client/types.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { Trace } from '../trace.ts'

export interface UserContext {
  member: Client
  hub: Client
  clock: Clock
  random: Random
  trace: Trace
  /** Tells that a deployment loses pods by a user's hand. */
  disturbed: (deploymentKey: string) => void
  /** Tells that any deployment may, until then. */
  allDisturbed: (untilMs: number) => void
  /** Tells that an object's hold may be taken off. */
  letGo: (uid: string | undefined) => void
}

export interface Action {
  name: string
  weight: number
  /** Resolves with what was done to what; undefined when there was nothing to do it to. */
  act: () => Promise<string | undefined>
}

/** A group of actions on things of one sort. */
export interface Users {
  actions: readonly Action[]
  /** Makes it possible that all is well again. */
  mend?: () => Promise<void>
}

export function below({ random }: UserContext, count: number): number {
  return Math.floor(random.next() * count)
}

export function oneOf<T>(context: UserContext, items: readonly T[]): T | undefined {
  return items[below(context, items.length)]
}

export function between(context: UserContext, least: number, most: number): number {
  return least + below(context, most - least + 1)
}

const RETRY_MS = 20
const TRIES_MAX = 200

/** Reads, changes and writes until no other writer comes between. */
export async function edit<T extends KubeObject>(
  { clock }: UserContext,
  resource: ResourceClient<T>,
  { metadata }: T,
  change: (draft: T) => void,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    const draft = structuredClone(await resource.get(metadata))
    change(draft)
    try {
      await resource.update(draft)
      return
    } catch (error) {
      if (!isReason(error, 'Conflict') || tries === TRIES_MAX) throw error
    }
    // The write that came between may still be on its way to the disk, where no read sees it.
    await clock.sleep(RETRY_MS)
  }
}
