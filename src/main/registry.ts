// The registry process: OCI distribution on 127.0.0.1 and, over TLS, on every gateway address.
import { systemClock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { gatewayPorts } from '#base/ports.ts'
import { systemRandom } from '#base/random.ts'
import { authorityStore } from '#identity/authority-store.ts'
import { Access } from '#registry/access/access.ts'
import type { AccessState } from '#registry/access/access-state.ts'
import { parseCredentials } from '#registry/credentials.ts'
import { listenRegistry } from '#registry/listen-registry.ts'
import { createRegistry, type Registry, registryHost } from '#registry/registry.ts'
import path from 'node:path'
import { AddressListeners } from './address-listeners.ts'
import { guardSupervisor } from './guard-supervisor.ts'
import { followGateways } from './hub-clusters.ts'
import { runProcess } from './process-frame.ts'
import { followAccess, readAccess } from './registry-access.ts'
import { ensureRegistryCredentials, ensureTokenKey, machineUsers } from './registry-credentials.ts'

/** What the listener of a cluster's gateway is called, as its certificate's files are. */
const GATEWAY = 'registry-'
const gatewayName = (cluster: string) => `${GATEWAY}${cluster}`
const clusterOf = (name: string) =>
  name.startsWith(GATEWAY) ? { cluster: name.slice(GATEWAY.length) } : {}

const tlsListeners = ({ registry, pki, log }: { registry: Registry; pki: string; log: Logger }) => {
  const authorities = authorityStore({ directory: pki, clock: systemClock })
  return (port: number) =>
    new AddressListeners({
      clock: systemClock,
      log,
      open: async (name, address) => {
        const { certificatePem, keyPem } = await authorities.serverCertificate(name, {
          names: [registryHost],
          addresses: [address],
        })
        const tls = { cert: certificatePem, key: keyPem }
        return listenRegistry({ registry, host: address, port, ...clusterOf(name), tls })
      },
    })
}

await runProcess('registry', async ({ paths, instance }, log) => {
  const { users: own } = parseCredentials(
    ensureRegistryCredentials(paths.credentials),
    paths.credentials,
  )
  const accessFile = path.join(paths.registry, 'access.json')
  const access = new Access({ clock: systemClock, state: readAccess(accessFile), platform: own })
  const port = instance.ports.registry
  const listen = instance.listen === undefined ? [] : [instance.listen]
  const registry = await createRegistry({
    dataDir: paths.dataDir,
    access,
    tokenKey: ensureTokenKey(paths.credentials),
    clock: systemClock,
    random: systemRandom,
    log,
    ownHosts: ['localhost', '127.0.0.1', ...listen].map((host) => `${host}:${port}`),
  })
  const loopback = await listenRegistry({ registry, host: '127.0.0.1', port })
  const overTls = tlsListeners({ registry, pki: paths.pki, log })
  const gateways = overTls(gatewayPorts.registry)
  const outside = overTls(port)
  outside.set(Object.fromEntries(listen.map((address) => ['outside-registry', address])))
  const abort = new AbortController()
  const hub = followGateways({
    kubeconfig: paths.kubeconfig,
    file: path.join(paths.registry, 'gateways.json'),
    log,
    signal: abort.signal,
    changed: (addresses) => {
      const clusters = Object.keys(addresses)
      access.setPlatform([...own, ...machineUsers(paths.credentials, clusters)])
      gateways.set(
        Object.fromEntries(clusters.map((cluster) => [gatewayName(cluster), addresses[cluster]!])),
      )
    },
  })
  let stopFollowing = () => {}
  const changed = (state: AccessState) => access.update(state)
  hub
    .then((connection) => {
      stopFollowing = followAccess({ hub: connection, file: accessFile, log, changed })
    })
    .catch((error: unknown) => {
      if (!abort.signal.aborted) log.error('cannot follow the hub', { error })
    })
  const stopGuard = guardSupervisor({ paths, clock: systemClock, log })
  return async () => {
    stopGuard()
    abort.abort(new Error('the registry stops'))
    stopFollowing()
    gateways.close()
    outside.close()
    await loopback.close()
    await registry.close()
  }
})
