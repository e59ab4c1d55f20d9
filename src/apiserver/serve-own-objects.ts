// What the server does by itself about objects of its cluster, besides answering: it makes those that every cluster
// starts with, and keeps right those that say what is served.
import { type Authorities, keepAuthenticationConfig } from './aggregation/authentication-config.ts'
import { keepLocalServices } from './aggregation/local-services.ts'
import { serveTypeChecking } from './admission/policies/type-check-status.ts'
import { bootstrap } from './bootstrap.ts'
import type { ClusterContext } from './context.ts'
import { serveCustomResources } from './crd/serve-custom-resources.ts'
import { keepFairnessObjects } from './fairness/keep-fairness-objects.ts'

/** Resolves when the cluster has what every cluster starts with. */
export async function serveOwnObjects(
  context: ClusterContext,
  authorities: Authorities,
): Promise<{ close(): Promise<void> }> {
  const customResources = serveCustomResources(context)
  const typeChecking = serveTypeChecking(context)
  await bootstrap(context)
  const localServices = await keepLocalServices(context)
  const authentication = await keepAuthenticationConfig(context, authorities)
  const fairness = keepFairnessObjects(context)
  const running = [authentication, localServices, fairness, customResources, typeChecking]
  return {
    async close() {
      for (const one of running) await one.close()
    },
  }
}
