// The node agent of one machine: what a kubelet is to a node.
import { mkdir, statfs } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { createInformer } from '#client/informer.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import { wholeOf } from '#kinds/quantity.ts'
import { configMaps, nodes, pods, secrets } from '#kinds/refs.ts'
import { openCgroups } from '#linux/cgroups.ts'
import { mountTmpfs, mountsUnder } from '#linux/mounts.ts'
import { type AgentServer, agentServer } from './agent-server.ts'
import type { ClusterDns } from './container/dns-config.ts'
import { objectSource } from './container/object-source.ts'
import { type PodCgroups, podCgroups } from './container/pod-cgroup.ts'
import {
  hostData,
  logsRoot,
  memoryRoot,
  podsRoot,
  pulledImagesFile,
} from './container/pod-places.ts'
import { eventRecorder } from './events/event-recorder.ts'
import { Gate } from '#base/gate.ts'
import { ImageKeeper } from './images/image-keeper.ts'
import { ImagePuller } from './images/image-puller.ts'
import { PulledImages } from './images/pulled-images.ts'
import { nodeLimits } from './limits.ts'
import { LogKeeper } from './logs/log-keeper.ts'
import { MachineReach } from './machine/machine-reach.ts'
import { mayLowerOomScore, nodeInfo } from './machine/node-info.ts'
import type { NodeMachine } from './machine/node-machine.ts'
import { NodeReporter } from './machine/node-reporter.ts'
import { cleanLeftovers } from './pods/clean-leftovers.ts'
import { podObserver } from './pods/observe-pod.ts'
import { PodEvents, warning } from './pods/pod-events.ts'
import { PodManager } from './pods/pod-manager.ts'
import { PodOperations } from './pods/pod-operations.ts'
import { ProbeManager, probeEvent } from './probes/probe-manager.ts'
import { type Prober, networkProber } from './probes/prober.ts'
import { criRuntime } from './runtime/cri-runtime.ts'
import type { Credentials, Runtime } from './runtime/runtime.ts'
import { RuntimeWatch } from './runtime/runtime-watch.ts'
import { StreamingServer } from './streaming/streaming-server.ts'
import { showHost } from './volumes/machine-mounts.ts'
import { podVolumes } from './volumes/pod-volumes.ts'
import { StorageKeeper } from './volumes/storage-keeper.ts'
import { tokenSource } from './volumes/service-account-token.ts'
import { type VolumeMounts, linuxVolumeMounts } from './volumes/volume-mounts.ts'

/** What tests and the simulation put in place of the computer. */
export interface AgentParts {
  runtime: Runtime
  prober: Prober
  cgroups: PodCgroups
  /** Puts a file system in memory at this directory, unless there is one. */
  mountMemory: (directory: string) => Promise<void>
  volumeMounts: VolumeMounts
}

export interface NodeAgentOptions {
  nodeName: string
  machine: NodeMachine
  client: Client
  /** Caches of the cluster, shared by its agents. */
  informers?: InformerFactory
  clusterDns: ClusterDns
  /** Whether the machine answers from outside; while it does not, neither node nor pods are Ready. */
  isMachineAnswering: () => boolean
  /** The cluster's own credentials for an image, tried after the pod's. */
  pullCredentials: (image: string) => Credentials | undefined
  clock: Clock
  random: Random
  log: Logger
  parts?: Partial<AgentParts>
}

export interface NodeAgent {
  /** Resolves when the node is registered; pods are taken up as soon as the runtime answers. */
  start(): Promise<void>
  /** Leaves everything running as it is. */
  stop(): Promise<void>
  /** The kubelet API, HTTP on a Unix socket. */
  readonly socketPath: string
}

async function prepareDirectories(
  machine: NodeMachine,
  { mountMemory, volumeMounts }: AgentParts,
): Promise<void> {
  for (const directory of [podsRoot(machine), logsRoot(machine), hostData(machine)])
    await mkdir(directory, { recursive: true, mode: 0o755 })
  await mkdir(memoryRoot(machine), { recursive: true, mode: 0o700 })
  await mountMemory(memoryRoot(machine))
  await showHost(machine, volumeMounts)
}

const tmpfsFor = (machine: NodeMachine) => async (target: string) => {
  if (mountsUnder(target).some((mount) => mount.target === target)) return
  const sizeBytes = wholeOf(machine.allocatable['memory'] ?? '1Gi')
  await mountTmpfs({ target, sizeBytes, mode: 0o700 })
}

async function diskSpace(directory: string) {
  const { blocks, bavail, bsize } = await statfs(directory)
  return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize }
}

function partsOf({ machine, clock, parts = {} }: NodeAgentOptions): AgentParts {
  const runtime =
    parts.runtime ?? criRuntime({ socketPath: machine.runtimeSocket, now: () => clock.now() })
  return {
    runtime,
    prober: parts.prober ?? networkProber(runtime, () => clock.now()),
    cgroups: parts.cgroups ?? podCgroups(machine.podsCgroup, openCgroups()),
    mountMemory: parts.mountMemory ?? tmpfsFor(machine),
    volumeMounts: parts.volumeMounts ?? linuxVolumeMounts,
  }
}

export function createNodeAgent(options: NodeAgentOptions): NodeAgent {
  return new Agent(options, partsOf(options))
}

class Agent implements NodeAgent {
  readonly socketPath: string
  readonly #options: NodeAgentOptions
  readonly #parts: AgentParts
  readonly #events: ReturnType<typeof eventRecorder>
  readonly #podInformer
  readonly #manager: PodManager
  readonly #probes: ProbeManager
  readonly #watch: RuntimeWatch
  readonly #reach: MachineReach
  readonly #nodeInformer
  readonly #reporter: NodeReporter
  readonly #server: AgentServer
  readonly #keepers: readonly { start(): void; stop(): Promise<void> }[]
  /** Set once pods are being taken up; the second time the runtime comes they only are looked at. */
  #adoption: Promise<void> | undefined
  #hasTakenUp = false
  #stopped = false

  constructor(options: NodeAgentOptions, parts: AgentParts) {
    const { nodeName, machine, client, clock, random } = options
    const log = options.log.child({ node: nodeName })
    const { runtime } = parts
    this.#options = { ...options, log }
    this.#parts = parts
    this.socketPath = path.join(machine.runDirectory, 'agent.sock')
    this.#events = eventRecorder({ client, nodeName, clock, log })
    const scope = { fieldSelector: `spec.nodeName=${nodeName}` }
    this.#podInformer = createInformer({ client, kind: pods, clock, random, log, scope })
    const ownName = { fieldSelector: `metadata.name=${nodeName}` }
    this.#nodeInformer = createInformer({ client, kind: nodes, clock, random, log, scope: ownName })
    this.#reach = new MachineReach({
      isMachineAnswering: options.isMachineAnswering,
      clock,
      changed: () => this.#healthChanged(),
    })
    this.#probes = this.#createProbes()
    this.#manager = new PodManager({
      client,
      runtime,
      clock,
      random,
      log,
      informer: this.#podInformer,
      observe: podObserver(runtime, machine),
      probes: this.#probes,
      isAnswering: () => this.#isAnswering,
      hostAddresses: [machine.address],
      node: () => this.#nodeInformer.get(nodeName),
    })
    this.#watch = new RuntimeWatch({
      runtime,
      clock,
      random,
      log,
      came: () => this.#runtimeCame(),
      event: (event) => this.#manager.heard(event),
      healthChanged: () => this.#runtimeChanged(),
    })
    this.#reporter = new NodeReporter({
      ...this.#options,
      informer: this.#nodeInformer,
      reach: () => this.#reach.state,
      runtimeProblem: () => this.#watch.problem,
      info: () => nodeInfo(nodeName, this.#watch.version),
    })
    this.#keepers = this.#createKeepers()
    const isHealthy = () => this.#watch.problem === undefined
    const { socketPath } = this
    const manager = this.#manager
    const streaming = this.#createStreaming()
    const served = { socketPath, pods: manager, machine, isHealthy, streaming }
    this.#server = agentServer({ ...served, clock, log })
  }

  async start(): Promise<void> {
    await prepareDirectories(this.#options.machine, this.#parts)
    await this.#server.start()
    this.#podInformer.start()
    this.#nodeInformer.start()
    this.#reach.start()
    this.#watchSources()
    this.#watch.start()
    for (const keeper of this.#keepers) keeper.start()
    // The node keeps the readiness that it has until the runtime was asked.
    await this.#watch.known
    await this.#reporter.start()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#server.stop()
    await this.#watch.stop()
    await Promise.all(this.#keepers.map((keeper) => keeper.stop()))
    this.#reach.stop()
    await this.#reporter.stop()
    await this.#nodeInformer.stop()
    await this.#podInformer.stop()
    // Without its pods an adoption waits for the API, which may not come back.
    if (this.#podInformer.hasSynced) await this.#adoption
    await this.#manager.stop()
    await this.#events.flushed()
    this.#parts.runtime.close()
  }

  #createProbes(): ProbeManager {
    const { clock, random, log } = this.#options
    const podEvents = new PodEvents(this.#events)
    return new ProbeManager({
      clock,
      random,
      log,
      prober: this.#parts.prober,
      gate: new Gate(nodeLimits.probesMax),
      isAnswering: () => this.#isAnswering,
      changed: (uid) => this.#manager.touch(uid),
      found: (uid, finding) => {
        const pod = this.#manager.pods.find(({ metadata }) => metadata.uid === uid)
        if (pod === undefined) return
        const { reason, message } = probeEvent(finding)
        podEvents.aboutContainer(pod, finding.container, warning(reason, message))
      },
    })
  }

  #createStreaming(): StreamingServer {
    const { clock, log, machine } = this.#options
    const { streamingCertificate: certificateFile } = machine
    return new StreamingServer({
      runtime: this.#parts.runtime,
      findPod: (namespace, name) => this.#manager.find(namespace, name)?.pod,
      problem: () => {
        if (!this.#isAnswering) return 'the machine of this node does not answer'
        const problem = this.#watch.problem
        return problem === undefined
          ? undefined
          : `the container runtime does not answer: ${problem}`
      },
      clock,
      log,
      ...(certificateFile === undefined ? {} : { certificateFile }),
    })
  }

  /** What looks at the machine's disk from time to time. */
  #createKeepers() {
    const { machine, clock, log } = this.#options
    const common = { runtime: this.#parts.runtime, machine, clock, log }
    return [
      new LogKeeper({ ...common, limits: nodeLimits.containerLogs }),
      new StorageKeeper({
        ...common,
        pods: () => this.#manager.pods,
        evict: (pod, message) => this.#manager.evict(pod, message),
        periodMs: nodeLimits.storagePeriodMs,
      }),
      new ImageKeeper({
        ...common,
        disk: () => diskSpace(machine.directory),
        pinned: machine.pinnedImages ?? [],
        limits: nodeLimits.imageKeeping,
        failed: (message) => this.#tellOfNode('FreeDiskSpaceFailed', message),
      }),
    ]
  }

  #tellOfNode(reason: string, message: string): void {
    const { nodeName: name } = this.#options
    // A kubelet names its node by name where others use the uid.
    const about = { apiVersion: 'v1', kind: 'Node', name, uid: name }
    this.#events.record({ type: 'Warning', reason, message, about })
  }

  get #isAnswering(): boolean {
    return this.#reach.state === 'answering'
  }

  #runtimeChanged(): void {
    // A dead runtime is silence too; now that it is back, the machine may be heard any moment.
    if (this.#watch.problem === undefined) this.#reach.giveGrace()
    void this.#reporter.healthChanged()
  }

  /** First the node, then its pods: those of a node that is not ready are not taken for ready. */
  #healthChanged(): void {
    void this.#reporter.healthChanged().then(() => {
      if (this.#isAnswering && this.#adoption !== undefined) this.#lookAtPods(this.#adoption)
    })
  }

  #runtimeCame(): void {
    if (this.#adoption === undefined) this.#adoption = this.#adopt().catch(this.#adoptionFailed)
    else this.#lookAtPods(this.#adoption)
  }

  #lookAtPods(adoption: Promise<void>): void {
    void adoption.then(() => this.#manager.lookAtAll()).catch(this.#lookFailed)
  }

  readonly #lookFailed = (error: unknown): void =>
    this.#options.log.warn('pods could not be looked at', { error })

  /** Tried again when the runtime comes the next time. */
  readonly #adoptionFailed = (error: unknown): void => {
    this.#adoption = undefined
    this.#lookFailed(error)
  }

  /** Takes up what runs already. Only when the API has told of all pods: the others are removed. */
  async #adopt(): Promise<void> {
    await this.#podInformer.synced
    if (this.#stopped) return
    if (!this.#hasTakenUp) await this.#manager.start(this.#createOperations())
    this.#hasTakenUp = true
    const { machine } = this.#options
    const { cgroups } = this.#parts
    const isKnown = (uid: string) => this.#manager.has(uid)
    await cleanLeftovers({ machine, volumes: this.#volumes(), cgroups, isKnown })
  }

  #volumes() {
    const { client, informers, machine, random, clock } = this.#options
    const objects = objectSource(client, informers)
    const { allocatable } = machine
    const sources = { objects, tokens: tokenSource(client), allocatable }
    const mounts = this.#parts.volumeMounts
    return podVolumes({ machine, sources, mounts, random, now: () => clock.now() })
  }

  #createOperations(): PodOperations {
    const { client, informers, machine, random, clock, clusterDns } = this.#options
    const { runtime } = this.#parts
    const file = pulledImagesFile(machine)
    const pulled = new PulledImages({ file, random })
    return new PodOperations({
      ...this.#options,
      ...this.#parts,
      images: new ImagePuller({ runtime, clock, random, pulled }),
      volumes: this.#volumes(),
      mounts: this.#parts.volumeMounts,
      objects: objectSource(client, informers),
      events: new PodEvents(this.#events),
      limits: { ...machine, mayLowerOomScore: mayLowerOomScore() },
      domain: clusterDns.domain,
      sandboxGate: new Gate(nodeLimits.sandboxStartsMax),
      hostAddresses: [machine.address],
      volumeResyncMs: informers === undefined ? nodeLimits.volumeResyncMs : undefined,
      writeStatus: (record) => this.#manager.writeStatus(record),
      finished: (record) => this.#manager.changed(record),
      touched: (record) => this.#manager.touch(record.uid),
      removed: (record) => this.#manager.forget(record),
    })
  }

  #watchSources(): void {
    const { informers } = this.#options
    if (informers === undefined) return
    const tell = (kind: 'configMaps' | 'secrets') => {
      const changed = (object: { metadata: { namespace?: string | undefined; name: string } }) =>
        this.#manager.sourceChanged(kind, object.metadata.namespace ?? '', object.metadata.name)
      return { added: changed, updated: changed, deleted: changed }
    }
    informers.informer(configMaps).on(tell('configMaps'))
    informers.informer(secrets).on(tell('secrets'))
  }
}
