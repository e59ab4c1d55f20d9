// The processes of a simulated cluster. Each can be killed and started anew, with nothing left but
// what the API holds.
import type { ApiCall } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { type Random, seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { ControllerContext } from '#controllers/context.ts'
import { createControllers } from '#controllers/create-controllers.ts'
import { createScheduler } from '#scheduler/create-scheduler.ts'
import type { Faults } from './faults.ts'
import { faultyCall } from './faulty-call.ts'
import { beginLife, type Life } from './life.ts'

/** Simulated nodes report every ten seconds, so that an hour is not all heartbeats. */
const NODE_GRACE_MS = 45_000

export interface ProcessTools {
  call: ApiCall
  clock: Clock
  random: Random
  log: Logger
  faults: Faults
}

export type StartProcess = (context: ControllerContext) => void

export interface Process {
  readonly name: string
  /** kill -9, and a new start. */
  restart(): void
  kill(): void
}

export function startProcess(name: string, tools: ProcessTools, start: StartProcess): Process {
  let life: Life
  const begin = () => {
    life = beginLife(tools.clock)
    const { clock } = life
    const random = seededRandom(Math.floor(tools.random.next() * 2 ** 32))
    const client = createClient(life.call(faultyCall(tools.call, { faults: tools.faults, clock })))
    const log = tools.log.child({ process: name })
    const shared = { client, clock, random, log }
    const informers = createInformerFactory(shared)
    start({
      ...shared,
      informers,
      recorderFor: (component) => createEventRecorder({ ...shared, source: { component } }),
    })
    informers.start()
  }
  begin()
  return {
    name,
    restart() {
      life.kill()
      begin()
    },
    kill: () => life.kill(),
  }
}

export const schedulerProcess: StartProcess = (context) => {
  const recorder = context.recorderFor('default-scheduler')
  createScheduler({ ...context, recorder }).start()
}

/** As in the product, but for the pace of the nodes' heartbeats. */
export const controllersProcess: StartProcess = (context) =>
  createControllers(context, { rootCaPem: 'simulated', graceMs: NODE_GRACE_MS }).start()
