// The registry process: OCI distribution on 127.0.0.1 and, over TLS, on every gateway address.
import { systemClock } from '#base/clock.ts'
import { gatewayPorts } from '#base/ports.ts'
import { systemRandom } from '#base/random.ts'
import { authorityStore } from '#identity/authority-store.ts'
import { credentialAuthenticator, parseCredentials } from '#registry/credentials.ts'
import { listenRegistry } from '#registry/listen-registry.ts'
import { createRegistry, registryHost } from '#registry/registry.ts'
import path from 'node:path'
import { AddressListeners } from './address-listeners.ts'
import { guardSupervisor } from './guard-supervisor.ts'
import { followGateways } from './hub-clusters.ts'
import { runProcess } from './process-frame.ts'
import { ensureRegistryCredentials } from './registry-credentials.ts'

await runProcess('registry', async ({ paths, instance }, log) => {
  const credentials = ensureRegistryCredentials(paths.credentials)
  const port = instance.ports.registry
  const listen = instance.listen === undefined ? [] : [instance.listen]
  const registry = await createRegistry({
    dataDir: paths.dataDir,
    authenticate: credentialAuthenticator(parseCredentials(credentials, paths.credentials)),
    clock: systemClock,
    random: systemRandom,
    log,
    ownHosts: ['localhost', '127.0.0.1', ...listen].map((host) => `${host}:${port}`),
  })
  const loopback = await listenRegistry({ registry, host: '127.0.0.1', port })
  const authorities = authorityStore({ directory: paths.pki, clock: systemClock })
  const overTls = (portThere: number) =>
    new AddressListeners({
      clock: systemClock,
      log,
      open: async (name, address) => {
        const { certificatePem, keyPem } = await authorities.serverCertificate(name, {
          names: [registryHost],
          addresses: [address],
        })
        return listenRegistry({
          registry,
          host: address,
          port: portThere,
          tls: { cert: certificatePem, key: keyPem },
        })
      },
    })
  const gateways = overTls(gatewayPorts.registry)
  const outside = overTls(port)
  outside.set(Object.fromEntries(listen.map((address) => ['outside-registry', address])))
  const abort = new AbortController()
  const hub = followGateways({
    kubeconfig: paths.kubeconfig,
    file: path.join(paths.registry, 'gateways.json'),
    log,
    signal: abort.signal,
    changed: (addresses) =>
      gateways.set(
        Object.fromEntries(
          Object.entries(addresses).map(([cluster, address]) => [`registry-${cluster}`, address]),
        ),
      ),
  })
  hub.catch((error: unknown) => {
    if (!abort.signal.aborted) log.error('cannot follow the clusters', { error })
  })
  const stopGuard = guardSupervisor({ paths, clock: systemClock, log })
  return async () => {
    stopGuard()
    abort.abort(new Error('the registry stops'))
    gateways.close()
    outside.close()
    await loopback.close()
    await registry.close()
  }
})
