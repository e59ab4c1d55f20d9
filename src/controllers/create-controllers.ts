// All controllers of one logical cluster, as one.
import { createClaimProtectionController } from './claim-protection.ts'
import { createAccountTokenController } from './account-token.ts'
import { createCertificateApprovingController } from './certificate-approving.ts'
import { createCertificateCleaningController } from './certificate-cleaning.ts'
import { createCertificateSigningController, type SignerOptions } from './certificate-signing.ts'
import { createClusterRoleAggregation } from './cluster-role-aggregation.ts'
import { combined } from './combined.ts'
import type { Controller, ControllerContext } from './context.ts'
import { createDeploymentController } from './deployment.ts'
import { createDisruptionController } from './disruption.ts'
import { createEndpointSliceController } from './endpoint-slice.ts'
import { createEndpointSliceMirroring } from './endpoint-slice-mirroring.ts'
import { createEndpointsController } from './endpoints.ts'
import { createEventExpiryController } from './event-expiry.ts'
import { createFlowSchemaController } from './flow-schema.ts'
import { createGarbageCollector } from './garbage-collector.ts'
import { createNamespaceController } from './namespace.ts'
import { type NodeLifecycleOptions, createNodeLifecycleController } from './node-lifecycle.ts'
import { createPodGarbageController } from './pod-garbage.ts'
import { createReplicaSetController } from './replica-set.ts'
import { createReplicationController } from './replication-controller.ts'
import { createResourceQuotaController } from './resource-quota.ts'
import { type RootCaOptions, createRootCaController } from './root-ca.ts'
import { createServiceAccountController } from './service-account.ts'
import { createTaintEvictionController } from './taint-eviction.ts'
import { createVolumeProtectionController } from './volume-protection.ts'

/** Controllers of a cluster without nodes, such as the hub. */
export function createHubControllers(
  context: ControllerContext,
  options: RootCaOptions & SignerOptions,
): Controller {
  return combined([
    ...certificateControllers(context, options),
    createNamespaceController(context),
    createServiceAccountController(context),
    createRootCaController(context, options),
    createAccountTokenController(context, options),
    createGarbageCollector(context),
    createClusterRoleAggregation(context),
    createEventExpiryController(context),
    createClaimProtectionController(context),
    createVolumeProtectionController(context),
    createResourceQuotaController(context),
    createFlowSchemaController(context),
  ])
}

/** None where nobody can sign. */
function certificateControllers(
  context: ControllerContext,
  { signer }: SignerOptions,
): Controller[] {
  if (signer === undefined) return []
  return [
    createCertificateApprovingController(context, signer),
    createCertificateSigningController(context, signer),
    createCertificateCleaningController(context),
  ]
}

/** Controllers of a cluster that runs pods. The caller starts the informers. */
export function createControllers(
  context: ControllerContext,
  options: RootCaOptions & SignerOptions & NodeLifecycleOptions,
): Controller {
  return combined([
    createHubControllers(context, options),
    createDeploymentController(context),
    createReplicaSetController(context),
    createReplicationController(context),
    createEndpointSliceController(context),
    createEndpointsController(context),
    createEndpointSliceMirroring(context),
    createNodeLifecycleController(context, options),
    createTaintEvictionController(context),
    createPodGarbageController(context),
    createDisruptionController(context),
  ])
}
