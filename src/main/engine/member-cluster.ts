// One local cluster in the engine: its API on the gateway, its controllers, its load balancers.
import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import { isLoopbackPortFree } from '#base/loopback-port.ts'
import { gatewayPorts } from '#base/ports.ts'
import { createApiListener } from '#apiserver/http/api-listener.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import { createControllers } from '#controllers/create-controllers.ts'
import type { ClusterStatus } from '#kinds/ccs/cluster.ts'
import type { Claims } from '#linux/claims.ts'
import { instanceNames } from '#linux/instance-names.ts'
import { openNftSession } from '#linux/nft.ts'
import { run } from '#linux/run.ts'
import type { AddressBook } from '#network/address-book.ts'
import { LoadBalancerController } from '#network/load-balancer-controller.ts'
import { type Backend } from '#network/service-endpoints.ts'
import { ServiceProxy } from '#network/service-proxy.ts'
import { createScheduler } from '#scheduler/create-scheduler.ts'
import { AddressListeners, type Closable } from '../address-listeners.ts'
import { addHostAddress, removeHostAddress } from './balancer-host.ts'
import { componentsOf } from './component-health.ts'
import { certificateSigner } from '#identity/sign-request.ts'
import { apiServiceAddress, ensureClusterObjects } from './cluster-objects.ts'
import type { EngineContext } from './engine-context.ts'
import { hostLogicalCluster, type LogicalClusterHost } from './logical-cluster-host.ts'
import { clusterFile } from './storage-codec.ts'

export interface MemberCluster {
  readonly host: LogicalClusterHost
  /** The gateway may change with a new network plan; the listener follows. */
  setGateway(address: string): void
  stop(): Promise<void>
}

interface Part {
  start(): void | Promise<void>
  stop(): Promise<void>
}

/** Forgets UDP connections to addresses that no longer serve, in the namespace given. */
export async function forgetUdp(backends: Backend[], enter: readonly string[]): Promise<void> {
  for (const { address, port } of backends)
    await run([
      ...enter,
      'conntrack',
      '-D',
      '-p',
      'udp',
      '--reply-src',
      address,
      '--reply-port-src',
      String(port),
    ]).catch((error: Error) => {
      // conntrack ends with 1 when there was nothing to forget.
      if (!/0 flow entries/.test(error.message)) throw error
    })
}

function hostProxy(engine: EngineContext, host: LogicalClusterHost): ServiceProxy {
  const { clock, random, log, paths } = engine
  const names = instanceNames(paths.id)
  return new ServiceProxy({
    table: `${names.table}-lb-${host.name}`,
    informers: host.informers,
    nft: openNftSession({ log }),
    // The computer is no machine: it has no pods of its own, and no node ports.
    place: {},
    answers: 'balancers',
    // Clusters of this instance may; a neighbour of the computer with a route here may not.
    linkPrefix: names.linkPrefix,
    forgetUdp: (backends) => forgetUdp(backends, []),
    clock,
    random,
    log,
  })
}

interface BalancerContext {
  engine: EngineContext
  book: AddressBook
  claims: Claims
}

function partsOf({ engine, book, claims }: BalancerContext, host: LogicalClusterHost): Part[] {
  const { clock, random, log, serverCaPem, authorities } = engine
  const { client, informers } = host
  const recorderFor = (component: string) =>
    createEventRecorder({ client, clock, random, log, source: { component } })
  return [
    createControllers(
      { client, informers, clock, random, log, recorderFor },
      {
        rootCaPem: serverCaPem,
        signer: certificateSigner({
          authority: () => authorities.clientAuthority(host.name),
          clock,
        }),
      },
    ),
    createScheduler({
      client,
      informers,
      clock,
      random,
      log,
      recorder: createEventRecorder({
        client,
        clock,
        random,
        log,
        source: { component: 'default-scheduler', host: hostname() },
      }),
    }),
    new LoadBalancerController({
      cluster: host.name,
      client,
      informers,
      book,
      addAddress: addHostAddress,
      removeAddress: removeHostAddress,
      // Ports of our own parts are theirs also while one of them is away.
      isPortFree: async (port, protocol) =>
        !Object.values(engine.instance.ports).includes(port) &&
        (await isLoopbackPortFree(port, protocol === 'UDP' ? 'udp' : 'tcp')) &&
        (await claims.claimHostPort(port)),
      clock,
      random,
      log,
    }),
    hostProxy(engine, host),
  ]
}

function gatewayListeners(engine: EngineContext, host: LogicalClusterHost, serviceCIDR: string) {
  const { authorities, clock, log } = engine
  return new AddressListeners<Closable>({
    clock,
    log,
    open: async (_name, address) => {
      const service = 'kubernetes.default'
      const certificate = await authorities.serverCertificate(`api-${host.name}`, {
        names: ['kubernetes', service, `${service}.svc`, `${service}.svc.cluster.local`],
        addresses: [address, apiServiceAddress(serviceCIDR)],
      })
      const listener = createApiListener({
        tls: certificate,
        atRoot: host.name,
        resolve: () => host.api,
        log,
      })
      await listener.listen({ host: address, port: gatewayPorts.api })
      return listener
    },
  })
}

export async function startMemberCluster(
  options: BalancerContext & {
    name: string
    status: ClusterStatus & Required<Pick<ClusterStatus, 'network' | 'gatewayAddress'>>
    dialNode: (nodeName: string) => Promise<Duplex>
  },
): Promise<MemberCluster> {
  const { engine, name, status, dialNode } = options
  const { serviceCIDR } = status.network
  let isStarted = false
  const host = await hostLogicalCluster({
    ...engine,
    name,
    file: clusterFile(engine.paths.engine, name),
    serviceCIDR,
    dialNode,
    components: () => componentsOf(isStarted),
  })
  await ensureClusterObjects(host.client, serviceCIDR, status.gatewayAddress)
  const listeners = gatewayListeners(engine, host, serviceCIDR)
  listeners.set({ [name]: status.gatewayAddress })
  const parts = partsOf(options, host)
  host.informers.start()
  for (const part of parts) await part.start()
  isStarted = true
  return {
    host,
    setGateway(address) {
      listeners.set({ [name]: address })
    },
    async stop() {
      isStarted = false
      listeners.close()
      await Promise.all(parts.map((part) => part.stop()))
      await host.close()
    },
  }
}
