// The product on simulated nodes and on the real clock: what `npm run dev` serves.
import path from 'node:path'
import { createApiListener } from '#apiserver/http/api-listener.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { version } from '#base/version.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import type { ControllerContext } from '#controllers/context.ts'
import { createControllers, createHubControllers } from '#controllers/create-controllers.ts'
import { type AuthorityStore, authorityStore } from '#identity/authority-store.ts'
import { certificateSigner } from '#identity/sign-request.ts'
import { pods } from '#kinds/refs.ts'
import { addToKubeconfig } from '#main/engine/api-access.ts'
import { type EngineAudit, openAudit } from '#main/engine/engine-audit.ts'
import { ensureKinds } from '#main/engine/first-objects.ts'
import { hubAdmission } from '#main/engine/hub-admission.ts'
import { KubeconfigFile } from '#main/engine/kubeconfig-file.ts'
import { componentsOf } from '#main/engine/component-health.ts'
import { hostLogicalCluster, type LogicalClusterHost } from '#main/engine/logical-cluster-host.ts'
import { clusterFile, instanceStorageKeys, storageCodec } from '#main/engine/storage-codec.ts'
import { createScheduler } from '#scheduler/create-scheduler.ts'
import { SeatPool } from '#apiserver/fairness/seat-pool.ts'
import { WriterPool } from '#storage/writer-pool.ts'
import { makeMachines, makeNodes } from '../first-objects.ts'
import { simulatedNode } from '../nodes/node-objects.ts'
import { Outages } from '../nodes/outages.ts'
import { SimNodes } from '../nodes/sim-nodes.ts'
import { CLUSTER, createPlatform } from '../real-processes.ts'
import { createProvider } from '../sim-provider.ts'
import { makeSample } from './sample.ts'
import { simulatedKubelet } from './simulated-kubelet.ts'

const SERVICE_CIDR = '10.96.0.0/16'
const NODE_SIZE = { cpu: '4', memory: '8Gi', pods: '110' }
const HEARTBEAT_MS = 3_000
const NODE_GRACE_MS = 12_000

export interface SimulatedProductOptions {
  dataDir: string
  port: number
  nodes: number
  clock: Clock
  random: Random
  log: Logger
}

export interface SimulatedProduct {
  kubeconfig: string
  server: string
  /** Ends everything in order; what is on disk stays. */
  stop(): Promise<void>
}

interface Part {
  start(): void | Promise<void>
  stop(): Promise<void>
}

export async function startSimulatedProduct(
  options: SimulatedProductOptions,
): Promise<SimulatedProduct> {
  const { dataDir, clock } = options
  const authorities = authorityStore({ directory: path.join(dataDir, 'pki'), clock })
  const audit = openAudit({
    ...options,
    directory: path.join(dataDir, 'logs', 'audit'),
    policyFile: path.join(dataDir, 'audit-policy.yaml'),
  })
  const hosts = await openHosts(options, { authorities, audit })
  const close = async () => {
    await hosts.member.close()
    await hosts.hub.close()
    await audit.close()
  }
  try {
    return await startOn(hosts, options, { authorities, close })
  } catch (error) {
    await close()
    throw error
  }
}

async function startOn(
  hosts: Hosts,
  options: SimulatedProductOptions,
  { authorities, close }: { authorities: AuthorityStore; close: () => Promise<void> },
): Promise<SimulatedProduct> {
  const { hub, member } = hosts
  // First, because it is what most often fails: another may have the port.
  const served = await serve(options, authorities, hosts)
  await ensureKinds(hub.client, options.clock)
  const nodes = Array.from({ length: options.nodes }, (_, i) => simulatedNode(i, NODE_SIZE))
  await makeNodes(member.client, nodes)
  await makeMachines(hub.client, nodes)
  const { certificatePem } = await authorities.serverAuthority()
  const parts = partsOf(options, hosts, { nodes, rootCaPem: certificatePem, authorities })
  hub.informers.start()
  member.informers.start()
  for (const part of parts) await part.start()
  await makeSample(hub.client)
  return {
    kubeconfig: served.kubeconfig,
    server: served.server,
    async stop() {
      await served.close()
      await Promise.all(parts.map((part) => part.stop()))
      await close()
    },
  }
}

interface Hosts {
  hub: LogicalClusterHost
  member: LogicalClusterHost
}

async function openHosts(
  { dataDir, clock, random, log }: SimulatedProductOptions,
  { authorities, audit }: { authorities: AuthorityStore; audit: EngineAudit },
): Promise<Hosts> {
  const paths = { pki: path.join(dataDir, 'pki'), engine: path.join(dataDir, 'engine') }
  const codec = storageCodec(instanceStorageKeys(paths))
  const pools = { pool: new WriterPool(), seats: new SeatPool() }
  const common = { authorities, audit, version, clock, random, log, codec, ...pools }
  const hub = await hostLogicalCluster({
    ...common,
    name: 'hub',
    file: clusterFile(paths.engine, 'hub'),
    admission: [hubAdmission],
  })
  const dial = Promise.withResolvers<ReturnType<typeof simulatedKubelet>>()
  const member = await hostLogicalCluster({
    ...common,
    name: CLUSTER,
    file: clusterFile(paths.engine, CLUSTER),
    serviceCIDR: SERVICE_CIDR,
    dialNode: async () => (await dial.promise)(),
    // Its scheduler and controllers are started before the address of this API is told.
    components: () => componentsOf(true),
  })
  // The kubelets look at the pods of the cluster that asks them.
  dial.resolve(simulatedKubelet({ pods: member.informers.informer(pods), clock }))
  return { hub, member }
}

function partsOf(
  { clock, random, log }: SimulatedProductOptions,
  { hub, member }: Hosts,
  {
    nodes,
    rootCaPem,
    authorities,
  }: {
    nodes: ReturnType<typeof simulatedNode>[]
    rootCaPem: string
    authorities: AuthorityStore
  },
): Part[] {
  const signerOf = (cluster: string) =>
    certificateSigner({ authority: () => authorities.clientAuthority(cluster), clock })
  const contextOf = ({ client, informers }: LogicalClusterHost): ControllerContext => ({
    client,
    informers,
    clock,
    random,
    log,
    recorderFor: (component) =>
      createEventRecorder({ client, clock, random, log, source: { component } }),
  })
  const [ofHub, ofMember] = [contextOf(hub), contextOf(member)]
  const context = { ...ofMember, hub: ofHub }
  const outages = new Outages()
  const recorder = ofMember.recorderFor('default-scheduler')
  return [
    createHubControllers(ofHub, { rootCaPem, signer: signerOf('hub') }),
    createControllers(ofMember, { rootCaPem, signer: signerOf(CLUSTER), graceMs: NODE_GRACE_MS }),
    createScheduler({ ...ofMember, recorder }),
    ...createPlatform(context),
    createProvider(context, outages),
    new SimNodes({ ...ofMember, nodes, outages, heartbeatMs: HEARTBEAT_MS }),
  ]
}

async function serve(
  { dataDir, port, clock, log }: SimulatedProductOptions,
  authorities: AuthorityStore,
  { hub, member }: Hosts,
) {
  const listener = createApiListener({
    tls: await authorities.serverCertificate('api', {
      names: ['localhost'],
      addresses: ['127.0.0.1'],
    }),
    resolve: (name) => (name === 'hub' ? hub.api : name === CLUSTER ? member.api : undefined),
    log,
  })
  const place = await listener.listen({ host: '127.0.0.1', port }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new Error(`port ${port} of 127.0.0.1 is taken: choose another with --port`, {
      cause: error,
    })
  })
  const server = `https://127.0.0.1:${place.port}`
  const file = path.join(dataDir, 'kubeconfig')
  const { certificatePem } = await authorities.serverAuthority()
  const kubeconfig = new KubeconfigFile(file, certificatePem)
  await addToKubeconfig({ cluster: 'hub', server, authorities, kubeconfig, clock })
  const ofCluster = { cluster: CLUSTER, server: `${server}/clusters/${CLUSTER}` }
  await addToKubeconfig({ ...ofCluster, authorities, kubeconfig, clock })
  return { kubeconfig: file, server, close: () => listener.close() }
}
