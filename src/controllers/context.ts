// What every controller is given, and what it gives back.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { Client, InformerFactory } from '#client/types.ts'

export interface ControllerContext {
  client: Client
  informers: InformerFactory
  clock: Clock
  random: Random
  log: Logger
  /** A recorder of Events that names `component` as their source. */
  recorderFor(component: string): EventRecorder
}

export interface Controller {
  start(): void
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
}
