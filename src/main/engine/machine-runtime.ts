// What the engine runs for a machine that is up: its node agent and its service proxy.
import path from 'node:path'
import { openNftSession } from '#linux/nft.ts'
import { nsenterArgv } from '#linux/nsenter.ts'
import type { Machine, MachineStatus } from '#kinds/ccs/machine.ts'
import { ServiceProxy } from '#network/service-proxy.ts'
import { createNodeAgent } from '#node/create-node-agent.ts'
import { machinePlaces } from '#providers/local/machine-places.ts'
import { PAUSE_IMAGE } from '#providers/local/pause-image.ts'
import { dnsServiceAddress } from './cluster-objects.ts'
import type { EngineContext } from './engine-context.ts'
import type { LogicalClusterHost } from './logical-cluster-host.ts'
import { forgetUdp } from './member-cluster.ts'
import { machineCredential } from '../registry-credentials.ts'

export interface MachineRuntime {
  readonly agentSocket: string
  stop(): Promise<void>
}

/** Status of a machine that can run pods. */
export type RunningStatus = MachineStatus &
  Required<
    Pick<
      MachineStatus,
      | 'address'
      | 'podCIDR'
      | 'runtimeSocket'
      | 'networkNamespace'
      | 'podsCgroup'
      | 'directory'
      | 'allocatable'
      | 'capacity'
    >
  >

export function isRunning(machine: Machine): machine is Machine & { status: RunningStatus } {
  const { status } = machine
  return (
    status?.phase === 'Running' &&
    status.runtimeSocket !== undefined &&
    status.networkNamespace !== undefined &&
    status.address !== undefined
  )
}

/** The link that joins a machine to its router, as its provider names it. */
const MACHINE_UPLINK = 'eth0'

const REGISTRY_IMAGE = 'registry.ccs.internal/'

export async function startMachineRuntime(options: {
  engine: EngineContext
  host: LogicalClusterHost
  machine: Machine & { status: RunningStatus }
  region: string
  serviceCIDR: string
  isAnswering: () => boolean
}): Promise<MachineRuntime> {
  const { engine, host, machine, serviceCIDR } = options
  const { clock, random, log, paths } = engine
  const { status, spec } = machine
  const nodeName = machine.metadata.name
  const agent = createNodeAgent({
    nodeName,
    machine: {
      zone: spec.zone,
      region: options.region,
      instanceType: spec.type,
      address: status.address,
      podCIDR: status.podCIDR,
      runtimeSocket: status.runtimeSocket,
      streamingCertificate: machinePlaces(paths, spec.cluster, nodeName).certificate,
      directory: status.directory,
      runDirectory: path.join(paths.runDir, spec.cluster, nodeName),
      podsCgroup: status.podsCgroup,
      pinnedImages: [PAUSE_IMAGE],
      capacity: status.capacity,
      allocatable: status.allocatable,
    },
    client: host.client,
    informers: host.informers,
    clusterDns: { address: dnsServiceAddress(serviceCIDR), domain: 'cluster.local' },
    isMachineAnswering: options.isAnswering,
    pullCredentials: (image) =>
      image.startsWith(REGISTRY_IMAGE)
        ? machineCredential(paths.credentials, spec.cluster)
        : undefined,
    clock,
    random,
    log: log.child({ node: nodeName }),
  })
  const proxy = new ServiceProxy({
    table: 'ccs-services',
    informers: host.informers,
    nft: openNftSession({ netnsPath: status.networkNamespace, log }),
    place: { node: nodeName, zone: spec.zone },
    answers: 'all',
    uplink: MACHINE_UPLINK,
    forgetUdp: (backends) => forgetUdp(backends, nsenterArgv(status.networkNamespace, [])),
    clock,
    random,
    log,
  })
  const stop = async () => {
    await Promise.all([agent.stop(), proxy.stop()])
  }
  try {
    await Promise.all([agent.start(), proxy.start()])
  } catch (error) {
    // The next try makes new ones: two agents of one machine would work against each other.
    await stop()
    throw error
  }
  return { agentSocket: agent.socketPath, stop }
}
