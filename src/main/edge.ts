// The edge process: names of all clusters and connections from 127.0.0.1. It goes on with its last
// state while the engine is away.
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { EdgeServer } from './edge-server.ts'
import { followCluster } from './follow-cluster.ts'
import { guardSupervisor } from './guard-supervisor.ts'
import { followGateways, type Gateways } from './hub-clusters.ts'
import { runProcess } from './process-frame.ts'

await runProcess('edge', async ({ paths, instance }, log) => {
  const server = new EdgeServer({
    directory: paths.edge,
    dnsPort: instance.ports.dns,
    listen: instance.listen,
    log,
  })
  await server.start()
  const abort = new AbortController()
  const unlessAborted = (signal: AbortSignal, what: string) => (error: unknown) => {
    if (!signal.aborted) log.error(what, { error })
  }

  /** By "<cluster> <gateway address>". */
  const followed = new Map<string, AbortController>()
  const followAll = (gateways: Gateways) => {
    server.setGateways(gateways)
    for (const [key, controller] of followed) {
      const [name, address] = key.split(' ') as [string, string]
      if (gateways[name] === address) continue
      controller.abort(new Error('the cluster is gone'))
      followed.delete(key)
      server.removeCluster(name)
    }
    for (const [name, gatewayAddress] of Object.entries(gateways)) {
      const key = `${name} ${gatewayAddress}`
      if (followed.has(key)) continue
      const controller = new AbortController()
      followed.set(key, controller)
      const signal = AbortSignal.any([abort.signal, controller.signal])
      const changed = server.setCluster.bind(server)
      followCluster({
        name,
        gatewayAddress,
        kubeconfig: paths.kubeconfig,
        log,
        signal,
        changed,
      }).catch(unlessAborted(signal, `cannot follow cluster ${name}`))
    }
  }
  followGateways({
    kubeconfig: paths.kubeconfig,
    file: path.join(paths.edge, 'gateways.json'),
    log,
    signal: abort.signal,
    changed: followAll,
  }).catch(unlessAborted(abort.signal, 'cannot follow the clusters'))
  const stopGuard = guardSupervisor({ paths, clock: systemClock, log })
  return async () => {
    stopGuard()
    abort.abort(new Error('edge stops'))
    server.stop()
  }
})
