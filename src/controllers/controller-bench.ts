// One controller against the fake API on a fake clock, for unit tests.
import { type FakeClock, fakeClock } from '#base/fake-clock.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import { type FakeApi, type FakeApiOptions, fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { Controller, ControllerContext } from './context.ts'

export interface ControllerBench {
  api: FakeApi
  clock: FakeClock
  context: ControllerContext
  /** Lets all work that is due now be done, time standing still but for a few milliseconds. */
  settle: () => Promise<void>
  stop: () => Promise<void>
}

// Rounds of promises that a chain of informer, queue, call and answer takes at most.
const SETTLE_ROUNDS = 60

export function controllerBench(
  create: (context: ControllerContext) => Controller,
  options: { objects?: readonly KubeObject[]; log?: Logger } & FakeApiOptions = {},
): ControllerBench {
  const clock = fakeClock()
  const random = seededRandom(7)
  const log = options.log ?? silentLogger
  const api = fakeApi({ clock, random, ...options })
  const client = createClient(api.call)
  const informers = createInformerFactory({ client, clock, random, log })
  const recorderFor = (component: string) =>
    createEventRecorder({ client, clock, random, log, source: { component } })
  const context: ControllerContext = { client, informers, clock, random, log, recorderFor }
  const controller = create(context)
  informers.start()
  controller.start()
  return {
    api,
    clock,
    context,
    async settle() {
      for (let i = 0; i < SETTLE_ROUNDS; i++) await clock.advance(0)
    },
    async stop() {
      await controller.stop()
      await informers.stop()
    },
  }
}
