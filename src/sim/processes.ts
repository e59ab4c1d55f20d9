// The processes of a simulated cluster. Each can be killed at any moment, also between two of its writes,
// and starts anew with nothing left but what the APIs hold.
import type { ApiCall } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { type Random, seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Informer, InformerFactory } from '#client/types.ts'
import type { ControllerContext } from '#controllers/context.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { type Faults, faultTimes } from './faults.ts'
import { faultyCall } from './faulty-call.ts'
import { beginLife, type Life } from './life.ts'

export interface Calls {
  /** The cluster that runs pods. */
  member: ApiCall
  /** The product's own kinds. */
  hub: ApiCall
}

export interface ProcessTools {
  calls: Calls
  clock: Clock
  random: Random
  log: Logger
  faults: Faults
  /** Sees every call as the process makes it and every answer as it gets it. */
  check: (call: ApiCall) => ApiCall
  /** A connection or client with a bug planted. */
  plantCall?: (call: ApiCall) => ApiCall
}

/** The member's API, and the hub's. */
export interface ProcessContext extends ControllerContext {
  hub: ControllerContext
}

export type StartProcess = (context: ProcessContext) => void

/** A cache of a process, to be held against what is there. */
export interface Cache {
  cluster: keyof Calls
  kind: KindRef
  informer: Informer<KubeObject>
}

export class Process {
  readonly name: string
  readonly #tools: ProcessTools
  readonly #start: StartProcess
  #life: Life
  #caches: Cache[] = []

  constructor(name: string, tools: ProcessTools, start: StartProcess) {
    this.name = name
    this.#tools = tools
    this.#start = start
    this.#life = this.#begin()
  }

  /** What it knows now; empty while it is dead. */
  get caches(): readonly Cache[] {
    return this.#life.isOver ? [] : this.#caches
  }

  /** kill -9, and after a while a new start. */
  crash(): void {
    this.#crash(this.#life)
  }

  kill(): void {
    this.#life.kill()
  }

  /** A life that is over already dies no second time. */
  #crash(life: Life): void {
    if (life.isOver) return
    life.kill()
    const { clock, faults } = this.#tools
    clock.after(faults.timeMs(faultTimes.downMs), () => (this.#life = this.#begin()))
  }

  #begin(): Life {
    const { tools } = { tools: this.#tools }
    const life = beginLife(tools.clock)
    const random = seededRandom(Math.floor(tools.random.next() * 2 ** 32))
    const log = tools.log.child({ process: this.name })
    this.#caches = []
    const contextOf = (cluster: keyof Calls): ControllerContext => {
      const { clock } = life
      const die = () => this.#crash(life)
      const connection = faultyCall(tools.calls[cluster], { faults: tools.faults, clock, die })
      const call = life.call(tools.plantCall?.(connection) ?? connection)
      const client = createClient(tools.check(call))
      const shared = { client, clock, random, log }
      return {
        ...shared,
        informers: this.#noting(cluster, createInformerFactory(shared)),
        recorderFor: (component) => createEventRecorder({ ...shared, source: { component } }),
      }
    }
    const [member, hub] = [contextOf('member'), contextOf('hub')]
    this.#start({ ...member, hub })
    member.informers.start()
    hub.informers.start()
    return life
  }

  #noting(cluster: keyof Calls, factory: InformerFactory): InformerFactory {
    const caches = this.#caches
    return {
      ...factory,
      informer<T extends KubeObject>(
        kind: KindRef<T>,
        options?: Parameters<InformerFactory['informer']>[1],
      ): Informer<T> {
        const informer = factory.informer(kind, options as object)
        const isKnown = caches.some((cache) => cache.cluster === cluster && cache.kind === kind)
        if (!isKnown) caches.push({ cluster, kind, informer: informer as Informer<never> })
        return informer
      },
    }
  }
}
