// Keeps as many pods of a ReplicationController running as it asks for.
import { replicationControllers } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { ReplicaController } from './replica-controller.ts'

export function createReplicationController(context: ControllerContext): Controller {
  return new ReplicaController(context, {
    ref: replicationControllers,
    name: 'replicationcontroller',
    component: 'replication-controller',
    selectorOf: ({ spec }) => ({ matchLabels: spec.selector }),
    statusOf: ({ terminatingReplicas: _terminating, ...status }) => status,
  }).queue
}
