// The engine process: the hub, every cluster, what acts on them, and the agents of all machines.
import path from 'node:path'
import { createApiListener } from '#apiserver/http/api-listener.ts'
import { systemClock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { version } from '#base/version.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import { createHubControllers } from '#controllers/create-controllers.ts'
import { authorityStore } from '#identity/authority-store.ts'
import { certificateSigner } from '#identity/sign-request.ts'
import { type Claims, openClaims } from '#linux/claims.ts'
import { AddressBook } from '#network/address-book.ts'
import { ContainerServiceController } from '#platform/container-service-controller.ts'
import { createImageResolver } from '#platform/image-resolver.ts'
import { MachineDrainController } from '#platform/machine-drain-controller.ts'
import { createLocalProvider } from '#providers/local/local-provider.ts'
import { SeatPool } from '#apiserver/fairness/seat-pool.ts'
import { WriterPool } from '#storage/writer-pool.ts'
import { AddressListeners } from './address-listeners.ts'
import type { ProcessConfig } from './config.ts'
import { listenForControl } from './engine/control-server.ts'
import { addToKubeconfig } from './engine/api-access.ts'
import { ClusterFleet } from './engine/cluster-fleet.ts'
import { digestLookup } from './engine/digest-lookup.ts'
import { authenticationFile } from './engine/authentication-file.ts'
import { openAudit } from './engine/engine-audit.ts'
import type { EngineContext } from './engine/engine-context.ts'
import { ensureFirstObjects, ensureKinds } from './engine/first-objects.ts'
import { hubAdmission } from './engine/hub-admission.ts'
import { KubeconfigFile } from './engine/kubeconfig-file.ts'
import { hostLogicalCluster, type LogicalClusterHost } from './engine/logical-cluster-host.ts'
import { MachineFleet } from './engine/machine-fleet.ts'
import { clusterFile, instanceStorageKeys, storageCodec } from './engine/storage-codec.ts'
import { MemberRegistry } from './engine/member-registry.ts'
import { runProcess } from './process-frame.ts'

async function contextOf({ paths, instance }: ProcessConfig, log: Logger): Promise<EngineContext> {
  const authorities = authorityStore({ directory: paths.pki, clock: systemClock })
  const { certificatePem } = await authorities.serverAuthority()
  const storageKeys = instanceStorageKeys(paths)
  const authentication = authenticationFile({ file: paths.authentication, clock: systemClock, log })
  authentication.start()
  return {
    authentication,
    issuers: authentication.value,
    paths,
    instance,
    version,
    authorities,
    serverCaPem: certificatePem,
    pool: new WriterPool(),
    seats: new SeatPool(),
    storageKeys,
    codec: storageCodec(storageKeys),
    audit: openAudit({
      directory: paths.auditLogs,
      policyFile: paths.auditPolicy,
      clock: systemClock,
      log,
    }),
    clock: systemClock,
    random: systemRandom,
    log,
  }
}

/** The fleets know each other by functions: machines run in clusters, and clusters dial machines. */
function createFleets(options: {
  engine: EngineContext
  hub: LogicalClusterHost
  members: MemberRegistry
  kubeconfig: KubeconfigFile
  book: AddressBook
  claims: Claims
  isAnswering: (machine: string) => boolean
}) {
  const machineFleet: MachineFleet = new MachineFleet({
    ...options,
    hostOf: (cluster) => clusterFleet.get(cluster)?.host,
  })
  const clusterFleet: ClusterFleet = new ClusterFleet({
    ...options,
    agentSocket: (machine) => machineFleet.agentSocket(machine),
    changed: (cluster) => machineFleet.clusterChanged(cluster),
  })
  return { clusterFleet, machineFleet }
}

function hubControllers(engine: EngineContext, hub: LogicalClusterHost, members: MemberRegistry) {
  const { clock, random, log, serverCaPem, instance, paths, authorities } = engine
  const { client, informers } = hub
  const common = { hub, members, clock, random, log }
  const recorderFor = (component: string) =>
    createEventRecorder({ client, clock, random, log, source: { component } })
  const lookUp = digestLookup({ port: instance.ports.registry, credentials: paths.credentials })
  return [
    createHubControllers(
      { client, informers, clock, random, log, recorderFor },
      {
        rootCaPem: serverCaPem,
        signer: certificateSigner({ authority: () => authorities.clientAuthority('hub'), clock }),
      },
    ),
    new ContainerServiceController({
      ...common,
      resolveImage: createImageResolver(lookUp),
      recorder: recorderFor('container-service'),
    }),
    new MachineDrainController(common),
  ]
}

async function openAddressBook(file: string, claims: Claims): Promise<AddressBook> {
  const book = new AddressBook(file, await claims.claimLoadBalancers(AddressBook.blockOf(file)))
  await claims.keepHostPorts(book.hostPorts)
  return book
}

async function openHub(engine: EngineContext): Promise<LogicalClusterHost> {
  const hub = await hostLogicalCluster({
    ...engine,
    name: 'hub',
    admission: [hubAdmission],
    file: clusterFile(engine.paths.engine, 'hub'),
  })
  await ensureKinds(hub.client, engine.clock)
  await ensureFirstObjects(hub.client)
  return hub
}

async function startEngine(config: ProcessConfig, log: Logger) {
  const engine = await contextOf(config, log)
  const { paths, instance, authorities, clock, random } = engine
  const hub = await openHub(engine)
  const kubeconfig = new KubeconfigFile(paths.kubeconfig, engine.serverCaPem)
  const members = new MemberRegistry()
  const claims = openClaims({ instance: paths })
  const provider = await createLocalProvider({
    instance: paths,
    hub: hub.client,
    informers: hub.informers,
    clusterClient: (name) => members.get(name)?.client,
    registryCaPem: engine.serverCaPem,
    registryPort: instance.ports.registry,
    clock,
    random,
    log,
  })
  const book = await openAddressBook(path.join(paths.dataDir, 'load-balancers.json'), claims)
  const { clusterFleet, machineFleet } = createFleets({
    engine,
    hub,
    members,
    kubeconfig,
    book,
    claims,
    isAnswering: (machine) => provider.isAnswering(machine),
  })
  const controllers = hubControllers(engine, hub, members)
  hub.informers.start()
  const server = `https://127.0.0.1:${instance.ports.api}`
  const openApi = async (name: string, address: string) => {
    const listener = createApiListener({
      tls: await authorities.serverCertificate(name, {
        names: ['localhost', 'api.ccs.internal'],
        addresses: [address],
      }),
      resolve: (cluster) => (cluster === 'hub' ? hub.api : clusterFleet.get(cluster)?.host.api),
      log,
    })
    await listener.listen({ host: address, port: instance.ports.api })
    return listener
  }
  const listener = await openApi('api', '127.0.0.1')
  const outside = new AddressListeners({ clock, log, open: openApi })
  outside.set(instance.listen === undefined ? {} : { 'outside-api': instance.listen })
  await addToKubeconfig({ ...engine, cluster: 'hub', server, kubeconfig })
  const hosts = () => [hub, ...clusterFleet.hosts()]
  const control = await listenForControl({ ...engine, socket: paths.engineSocket, hosts })
  clusterFleet.start()
  machineFleet.start()
  await provider.start()
  for (const controller of controllers) controller.start()
  return async () => {
    await control.close()
    outside.close()
    await listener.close()
    await Promise.all(controllers.map((controller) => controller.stop()))
    await provider.stop()
    await machineFleet.stop()
    await clusterFleet.stop()
    await hub.close()
    await engine.authentication.stop()
    await engine.audit.close()
  }
}

await runProcess('engine', startEngine)
