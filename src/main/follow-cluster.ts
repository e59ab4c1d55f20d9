// Edge's view of one cluster, kept fresh from its API.
import { systemClock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { WorkQueue } from '#base/work-queue.ts'
import { endpointSlices, services } from '#kinds/refs.ts'
import { type EdgeCluster, edgeCluster } from '#network/edge-state.ts'
import { BY_SERVICE, sliceIndexers } from '#network/service-proxy.ts'
import { contextName } from '#setup/instance.ts'
import { connectTo } from './hub-clusters.ts'

/** Follows one cluster's Services and EndpointSlices until the signal aborts. */
export async function followCluster(options: {
  name: string
  gatewayAddress: string
  kubeconfig: string
  log: Logger
  signal: AbortSignal
  changed: (cluster: EdgeCluster) => void
}): Promise<void> {
  const { name, gatewayAddress, kubeconfig, log, signal, changed } = options
  const { informers } = await connectTo(kubeconfig, contextName(name), log, signal)
  const serviceInformer = informers.informer(services)
  const sliceInformer = informers.informer(endpointSlices, { indexers: sliceIndexers })
  const queue = new WorkQueue({
    name: `edge ${name}`,
    clock: systemClock,
    random: systemRandom,
    log,
    reconcile: async () => {
      // Half a list would make names vanish that resolved a moment ago.
      if (!serviceInformer.hasSynced || !sliceInformer.hasSynced) return
      const slicesOf = (service: { metadata: { namespace?: string | undefined; name: string } }) =>
        sliceInformer.byIndex(BY_SERVICE, `${service.metadata.namespace}/${service.metadata.name}`)
      changed(edgeCluster({ name, gatewayAddress, services: serviceInformer.list(), slicesOf }))
    },
  })
  const wake = () => queue.add('state')
  const handler = { added: wake, updated: wake, deleted: wake }
  serviceInformer.on(handler)
  sliceInformer.on(handler)
  informers.start()
  queue.start()
  void informers.synced().then(wake)
  const end = () => {
    void queue.stop()
    void informers.stop()
  }
  signal.addEventListener('abort', end, { once: true })
}
