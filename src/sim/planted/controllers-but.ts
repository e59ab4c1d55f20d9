// The real controllers, but for some.
import type { Controller, ControllerContext } from '#controllers/context.ts'
import { createDeploymentController } from '#controllers/deployment.ts'
import { createDisruptionController } from '#controllers/disruption.ts'
import { createEndpointSliceController } from '#controllers/endpoint-slice.ts'
import { createEndpointsController } from '#controllers/endpoints.ts'
import { createGarbageCollector } from '#controllers/garbage-collector.ts'
import { createNamespaceController } from '#controllers/namespace.ts'
import { createNodeLifecycleController } from '#controllers/node-lifecycle.ts'
import { createPodGarbageController } from '#controllers/pod-garbage.ts'
import { createReplicaSetController } from '#controllers/replica-set.ts'
import { createRootCaController } from '#controllers/root-ca.ts'
import { createServiceAccountController } from '#controllers/service-account.ts'
import { createTaintEvictionController } from '#controllers/taint-eviction.ts'
import { NODE_GRACE_MS } from '../real-processes.ts'

const makers = {
  namespace: createNamespaceController,
  serviceAccount: createServiceAccountController,
  rootCa: (context: ControllerContext) =>
    createRootCaController(context, { rootCaPem: 'simulated' }),
  garbageCollector: createGarbageCollector,
  deployment: createDeploymentController,
  replicaSet: createReplicaSetController,
  endpointSlice: createEndpointSliceController,
  endpoints: createEndpointsController,
  nodeLifecycle: (context: ControllerContext) =>
    createNodeLifecycleController(context, { graceMs: NODE_GRACE_MS }),
  taintEviction: createTaintEvictionController,
  podGarbage: createPodGarbageController,
  disruption: createDisruptionController,
} satisfies Record<string, (context: ControllerContext) => Controller>

export function startControllersBut(left: keyof typeof makers, context: ControllerContext): void {
  for (const [name, make] of Object.entries(makers)) if (name !== left) make(context).start()
}
