// Keeps as many pods of a ReplicaSet running as it asks for.
import { replicaSets } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { ReplicaController } from './replica-controller.ts'

export function createReplicaSetController(context: ControllerContext): Controller {
  return new ReplicaController(context, {
    ref: replicaSets,
    name: 'replicaset',
    component: 'replicaset-controller',
    selectorOf: ({ spec }) => spec.selector,
    statusOf: (status) => status,
  }).queue
}
