// What runs in the processes of the simulated product: the real parts, as in the engine.
import type { Controller } from '#controllers/context.ts'
import { createControllers, createHubControllers } from '#controllers/create-controllers.ts'
import { ContainerServiceController } from '#platform/container-service-controller.ts'
import { MachineDrainController } from '#platform/machine-drain-controller.ts'
import type { Member, Members } from '#platform/members.ts'
import { createScheduler } from '#scheduler/create-scheduler.ts'
import type { ProcessContext, StartProcess } from './processes.ts'

export const CLUSTER = 'simulated'

/** Simulated nodes report seldom, so that an hour is not all heartbeats. */
export const HEARTBEAT_MS = 20_000
export const NODE_GRACE_MS = 65_000

export const schedulerProcess: StartProcess = (context) => {
  const recorder = context.recorderFor('default-scheduler')
  createScheduler({ ...context, recorder }).start()
}

/** As in the product, but for the pace of the nodes' heartbeats. */
export const controllersProcess: StartProcess = (context) =>
  createControllers(context, { rootCaPem: 'simulated', graceMs: NODE_GRACE_MS }).start()

export const hubControllersProcess: StartProcess = ({ hub }) =>
  createHubControllers(hub, { rootCaPem: 'simulated' }).start()

/** The one cluster there is. */
export function oneMember(member: Member): Members {
  return {
    get: (cluster) => (cluster === CLUSTER ? member : undefined),
    all: () => new Map([[CLUSTER, member]]),
    onAdded: (listener) => listener(CLUSTER, member),
  }
}

/** The product's own controllers, on this one cluster. */
export function createPlatform(context: ProcessContext): Controller[] {
  const { clock, random, log, hub } = context
  const common = { hub, members: oneMember(context), clock, random, log }
  return [
    new ContainerServiceController({
      ...common,
      recorder: hub.recorderFor('container-service'),
      // There is no registry: every name is taken as it is.
      resolveImage: (_project, image) => Promise.resolve({ found: true, image }),
    }),
    new MachineDrainController(common),
  ]
}

export const platformProcess: StartProcess = (context) => {
  for (const controller of createPlatform(context)) controller.start()
}
