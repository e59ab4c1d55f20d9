// What a plan may say, and how one grows.
import { type ContainerView, type PodView, operationKey } from './pod-view.ts'

export type PodAction =
  | { type: 'prepare-volumes' }
  | { type: 'create-sandbox'; attempt: number }
  | { type: 'stop-sandbox'; id: string }
  | { type: 'remove-sandbox'; id: string }
  | {
      type: 'start-container'
      name: string
      sandboxId: string
      attempt: number
      restartDelayMs: number | undefined
    }
  /** Tells of the stop and runs the preStop hook, while the container's turn to stop is still to come. */
  | { type: 'begin-stop'; id: string; name: string; graceSeconds: number; why: string }
  | { type: 'stop-container'; id: string; name: string; graceSeconds: number; why: string }
  | { type: 'remove-container'; id: string }
  /** All is stopped: tell the API and let the pod go. */
  | { type: 'confirm-deletion' }
  /** Nothing runs and the API has forgotten the pod: remove its files. */
  | { type: 'clean-up' }

/** The key under which an action runs; undefined for stops, which may overtake each other. */
export function keyOfAction(action: PodAction): string | undefined {
  switch (action.type) {
    case 'prepare-volumes':
    case 'clean-up':
      return operationKey.volumes
    case 'create-sandbox':
    case 'stop-sandbox':
      return operationKey.sandbox
    case 'remove-sandbox':
    case 'remove-container':
      return operationKey.removal(action.id)
    case 'start-container':
      return operationKey.container(action.name)
    case 'confirm-deletion':
      return operationKey.deletion
    case 'begin-stop':
    case 'stop-container':
      return undefined
  }
}

export interface PodPlan {
  actions: PodAction[]
  /** When to plan again if nothing else happens. */
  wakeAtMs: number | undefined
}

/** Grows a plan; knows what is busy or must wait. */
export class PlanBuilder {
  readonly actions: PodAction[] = []
  wakeAtMs: number | undefined
  readonly #view: PodView

  constructor(view: PodView) {
    this.#view = view
  }

  /** Adds an action unless its operation runs or must not be tried yet. */
  act(action: Exclude<PodAction, { type: 'stop-container' | 'begin-stop' }>): void {
    const key = keyOfAction(action) ?? ''
    if (this.#view.busy.has(key)) return
    const notBefore = this.#view.notBeforeMs.get(key)
    if (notBefore !== undefined && notBefore > this.#view.nowMs) return this.wakeAt(notBefore)
    this.actions.push(action)
  }

  wakeAt(timeMs: number): void {
    this.wakeAtMs = this.wakeAtMs === undefined ? timeMs : Math.min(this.wakeAtMs, timeMs)
  }

  /** Stops a container, or shortens a stop that would take longer. */
  stop(container: ContainerView, graceSeconds: number, why: string): void {
    const killAtMs = this.#view.killAtMs.get(container.id)
    const wantedMs = this.#view.nowMs + graceSeconds * 1000
    if (killAtMs !== undefined && killAtMs <= wantedMs + KILL_TIME_SLACK_MS) return
    const { id, name } = container
    this.actions.push({ type: 'stop-container', id, name, graceSeconds, why })
  }

  beginStop({ id, name }: ContainerView, graceSeconds: number, why: string): void {
    if (this.#view.stopping.has(id)) return
    this.actions.push({ type: 'begin-stop', id, name, graceSeconds, why })
  }

  /** Whether a start of this container is part of the plan. */
  starts(name: string): boolean {
    return this.actions.some((action) => action.type === 'start-container' && action.name === name)
  }

  get plan(): PodPlan {
    return { actions: this.actions, wakeAtMs: this.wakeAtMs }
  }
}

/** A stop is only issued again when it would end this much sooner. */
const KILL_TIME_SLACK_MS = 500
