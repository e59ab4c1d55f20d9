// The runtime behind containerd's socket: CRI v1 for pods and images, containerd's own stream for
// events.
import { containerdEvents } from './containerd-events.ts'
import {
  type WireContainer,
  type WireContainerStatus,
  type WireImage,
  type WireSandbox,
  type WireStats,
  containerOf,
  detailsOf,
  imageOf,
  layerOf,
  sandboxOf,
} from './cri-messages.ts'
import { type GrpcService, grpcService } from './grpc-service.ts'
import type { LabelFilter, Runtime, RuntimeCondition } from './runtime.ts'

const PROTO = new URL('./cri.proto', import.meta.url)

const timeouts = {
  /** Calls that only read, or change the runtime's own records. */
  quickMs: 30_000,
  /** Making and removing what the kernel must have a part in; the network plugins run here. */
  slowMs: 4 * 60_000,
  /** A pull may take long; the runtime itself gives up when no byte arrives for a while. */
  pullMs: 60 * 60_000,
} as const

const filterOf = (filter: LabelFilter | undefined) =>
  filter === undefined ? {} : { filter: { labelSelector: filter } }

/** The containers' processes are this computer's. */
function sendSignal(pid: number, signal: number): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

type Call = <R>(method: string, request: object) => Promise<R>
type SandboxCalls = Pick<
  Runtime,
  | 'listSandboxes'
  | 'sandboxAddresses'
  | 'sandboxNetwork'
  | 'runSandbox'
  | 'stopSandbox'
  | 'removeSandbox'
>
type ContainerCalls = Pick<
  Runtime,
  | 'listContainers'
  | 'containerDetails'
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'signalContainer'
  | 'removeContainer'
  | 'reopenContainerLog'
  | 'writableLayers'
  | 'exec'
>
type StreamCalls = Pick<Runtime, 'execUrl' | 'attachUrl' | 'portForwardUrl'>
type ImageCalls = Pick<Runtime, 'listImages' | 'image' | 'pullImage' | 'removeImage'>

function sandboxCalls(quick: Call, slow: Call): SandboxCalls {
  return {
    async listSandboxes(filter) {
      const wire = await quick<{ items: WireSandbox[] }>('listPodSandbox', filterOf(filter))
      return wire.items.map(sandboxOf)
    },
    async sandboxAddresses(id) {
      interface Answer {
        status: { network: { ip: string; additionalIps: { ip: string }[] } | null }
      }
      const { status } = await quick<Answer>('podSandboxStatus', { podSandboxId: id })
      const all = [status.network?.ip, ...(status.network?.additionalIps ?? []).map((a) => a.ip)]
      return all.filter((ip): ip is string => ip !== undefined && ip !== '')
    },
    async sandboxNetwork(id) {
      const asked = { podSandboxId: id, verbose: true }
      const wire = await quick<{ info: Record<string, string> }>('podSandboxStatus', asked)
      return networkOf(wire.info['info'] ?? '{}')
    },
    async runSandbox(config) {
      const wire = await slow<{ podSandboxId: string }>('runPodSandbox', { config })
      return wire.podSandboxId
    },
    async stopSandbox(id) {
      await slow('stopPodSandbox', { podSandboxId: id })
    },
    async removeSandbox(id) {
      await slow('removePodSandbox', { podSandboxId: id })
    },
  }
}

/** containerd's own description of a sandbox, JSON. */
function networkOf(info: string): string | undefined {
  const { runtimeSpec } = JSON.parse(info) as {
    runtimeSpec?: { linux?: { namespaces?: { type: string; path?: string }[] } }
  }
  const path = runtimeSpec?.linux?.namespaces?.find(({ type }) => type === 'network')?.path
  return path === '' ? undefined : path
}

function containerCalls(pods: GrpcService, quick: Call, slow: Call): ContainerCalls {
  return {
    async listContainers(filter) {
      const wire = await quick<{ containers: WireContainer[] }>('listContainers', filterOf(filter))
      return wire.containers.map(containerOf)
    },
    async containerDetails(id) {
      const wire = await quick<{ status: WireContainerStatus }>('containerStatus', {
        containerId: id,
      })
      return detailsOf(wire.status)
    },
    async createContainer({ sandboxId, config, sandboxConfig }) {
      const request = { podSandboxId: sandboxId, config, sandboxConfig }
      return (await slow<{ containerId: string }>('createContainer', request)).containerId
    },
    async startContainer(id) {
      await slow('startContainer', { containerId: id })
    },
    async stopContainer(id, graceSeconds) {
      const request = { containerId: id, timeout: graceSeconds }
      await pods.call('stopContainer', request, graceSeconds * 1000 + timeouts.slowMs)
    },
    async signalContainer(id, signal) {
      interface Answer {
        info: Record<string, string>
      }
      const { info } = await quick<Answer>('containerStatus', { containerId: id, verbose: true })
      const { pid = 0 } = JSON.parse(info['info'] ?? '{}') as { pid?: number }
      if (pid > 0) sendSignal(pid, signal)
    },
    async removeContainer(id) {
      await slow('removeContainer', { containerId: id })
    },
    async writableLayers(filter) {
      const wire = await quick<{ stats: WireStats[] }>('listContainerStats', filterOf(filter))
      return wire.stats.map(layerOf)
    },
    async reopenContainerLog(id) {
      await quick('reopenContainerLog', { containerId: id })
    },
    async exec(id, command, timeoutSeconds) {
      const wire = await pods.call<{ stdout: Buffer; stderr: Buffer; exitCode: number }>(
        'execSync',
        { containerId: id, cmd: command, timeout: timeoutSeconds },
        timeoutSeconds * 1000 + timeouts.quickMs,
      )
      const { exitCode } = wire
      return { stdout: wire.stdout.toString(), stderr: wire.stderr.toString(), exitCode }
    },
  }
}

function streamCalls(quick: Call): StreamCalls {
  const urlOf = async (method: string, request: object) =>
    new URL((await quick<{ url: string }>(method, request)).url)
  return {
    execUrl: (id, command, streams) => urlOf('exec', { containerId: id, cmd: command, ...streams }),
    attachUrl: (id, streams) => urlOf('attach', { containerId: id, ...streams }),
    portForwardUrl: (sandboxId) => urlOf('portForward', { podSandboxId: sandboxId }),
  }
}

function imageCalls(images: GrpcService): ImageCalls {
  return {
    async listImages() {
      const wire = await images.call<{ images: WireImage[] }>('listImages', {}, timeouts.quickMs)
      return wire.images.map(imageOf)
    },
    async image(name) {
      const wire = await images.call<{ image: WireImage | null }>(
        'imageStatus',
        { image: { image: name } },
        timeouts.quickMs,
      )
      return wire.image === null ? undefined : imageOf(wire.image)
    },
    async pullImage(name, credentials) {
      const request = { image: { image: name }, ...(credentials && { auth: credentials }) }
      const wire = await images.call<{ imageRef: string }>('pullImage', request, timeouts.pullMs)
      return wire.imageRef
    },
    async removeImage(name) {
      await images.call('removeImage', { image: { image: name } }, timeouts.quickMs)
    },
  }
}

export function criRuntime(options: { socketPath: string; now: () => number }): Runtime {
  const pods = grpcService({ ...options, file: PROTO, name: 'runtime.v1.RuntimeService' })
  const images = grpcService({ ...options, file: PROTO, name: 'runtime.v1.ImageService' })
  const events = containerdEvents(options)
  const quick: Call = (method, request) => pods.call(method, request, timeouts.quickMs)
  const slow: Call = (method, request) => pods.call(method, request, timeouts.slowMs)
  return {
    ...sandboxCalls(quick, slow),
    ...containerCalls(pods, quick, slow),
    ...streamCalls(quick),
    ...imageCalls(images),
    async version() {
      const wire = await quick<{ runtimeName: string; runtimeVersion: string }>('version', {})
      return { name: wire.runtimeName, version: wire.runtimeVersion }
    },
    async conditions() {
      const wire = await quick<{ status: { conditions: RuntimeCondition[] } }>('status', {})
      return wire.status.conditions
    },
    events: (signal) => events.subscribe(signal),
    close() {
      pods.close()
      images.close()
      events.close()
    },
  }
}
