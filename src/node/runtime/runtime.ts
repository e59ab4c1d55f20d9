// What the node agent asks of a container runtime: the Container Runtime Interface in the agent's
// own words. `cri-runtime.ts` speaks it to containerd, `fake-runtime.ts` plays it in memory.

export type SandboxState = 'ready' | 'not-ready'
export type ContainerState = 'created' | 'running' | 'exited' | 'unknown'
export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE'

export interface NamespaceOptions {
  network: NamespaceMode
  pid: NamespaceMode
  ipc: NamespaceMode
}

export interface SecurityProfile {
  profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost'
  localhostRef?: string
}

export interface SandboxConfig {
  metadata: { name: string; uid: string; namespace: string; attempt: number }
  hostname: string
  logDirectory: string
  dnsConfig: { servers: string[]; searches: string[]; options: string[] }
  labels: Record<string, string>
  annotations: Record<string, string>
  linux: {
    cgroupParent: string
    sysctls: Record<string, string>
    securityContext: {
      namespaceOptions: NamespaceOptions
      privileged: boolean
      runAsUser?: { value: number }
      runAsGroup?: { value: number }
      supplementalGroups: number[]
      seccomp: SecurityProfile
    }
  }
}

export interface Mount {
  containerPath: string
  hostPath: string
  readonly: boolean
  propagation: 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL'
}

export interface ContainerResources {
  cpuPeriod: number
  /** 0 where there is no limit. */
  cpuQuota: number
  cpuShares: number
  /** 0 where there is no limit. */
  memoryLimitInBytes: number
  oomScoreAdj: number
}

export interface ContainerConfig {
  metadata: { name: string; attempt: number }
  image: { image: string }
  command: string[]
  args: string[]
  workingDir: string
  envs: { key: string; value: string }[]
  mounts: Mount[]
  labels: Record<string, string>
  annotations: Record<string, string>
  /** Relative to the sandbox's log directory. */
  logPath: string
  stdin: boolean
  stdinOnce: boolean
  tty: boolean
  linux: {
    resources: ContainerResources
    securityContext: {
      capabilities: { addCapabilities: string[]; dropCapabilities: string[] }
      privileged: boolean
      namespaceOptions: NamespaceOptions
      runAsUser?: { value: number }
      /** In place of a number: the runtime looks it up in the image. */
      runAsUsername?: string
      runAsGroup?: { value: number }
      readonlyRootfs: boolean
      supplementalGroups: number[]
      noNewPrivs: boolean
      maskedPaths: string[]
      readonlyPaths: string[]
      seccomp: SecurityProfile
    }
  }
}

export interface Sandbox {
  id: string
  state: SandboxState
  createdAtMs: number
  attempt: number
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** A container as a list of containers shows it. */
export interface ListedContainer {
  id: string
  sandboxId: string
  name: string
  /** The image as it was asked for: by id, where the agent made the container. */
  image: string
  attempt: number
  state: ContainerState
  createdAtMs: number
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface ContainerDetails {
  id: string
  state: ContainerState
  /** 0 until it happened. */
  startedAtMs: number
  finishedAtMs: number
  exitCode: number
  /** The image as the container names it. */
  image: string
  /** The image by digest. */
  imageRef: string
  reason: string
  message: string
}

export interface RuntimeImage {
  id: string
  repoTags: string[]
  repoDigests: string[]
  sizeBytes: number
  /** The user that the image runs as, where that is a number. */
  uid: number | undefined
  username: string
}

export interface RuntimeCondition {
  type: string
  status: boolean
  reason: string
  message: string
}

/** What a container has written to its root file system. */
export interface WritableLayer {
  labels: Record<string, string>
  usedBytes: number
}

export interface ExecResult {
  stdout: string
  stderr: string
  exitCode: number
}

/** Which streams of a command, or of a container's first process, are wanted. */
export interface StreamChoice {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

export interface Credentials {
  username: string
  password: string
}

/** Something happened to a container or to a sandbox (whose own process counts as one). */
export interface RuntimeEvent {
  type: 'exited' | 'out-of-memory'
  containerId: string
}

export class RuntimeError extends Error {
  /** The name of a gRPC status code, such as "NotFound" or "Unavailable". */
  readonly code: string

  constructor(code: string, message: string, options?: { cause: unknown }) {
    super(`rpc error: code = ${code} desc = ${message}`, options)
    this.name = 'RuntimeError'
    this.code = code
  }

  /** What the runtime said, without the code. */
  get description(): string {
    return this.message.slice(this.message.indexOf(' desc = ') + ' desc = '.length)
  }
}

export const isRuntimeError = (error: unknown, code: string): error is RuntimeError =>
  error instanceof RuntimeError && error.code === code

/** All labels given must match. */
export type LabelFilter = Record<string, string>

/** Every call rejects with a RuntimeError; stops and removals of what is gone succeed. */
export interface Runtime {
  version(): Promise<{ name: string; version: string }>
  conditions(): Promise<RuntimeCondition[]>

  listSandboxes(filter?: LabelFilter): Promise<Sandbox[]>
  /** Addresses of the sandbox; none for one in the machine's own network. */
  sandboxAddresses(id: string): Promise<string[]>
  /** File of the sandbox's network namespace; undefined for one in the machine's own network. */
  sandboxNetwork(id: string): Promise<string | undefined>
  runSandbox(config: SandboxConfig): Promise<string>
  stopSandbox(id: string): Promise<void>
  removeSandbox(id: string): Promise<void>

  listContainers(filter?: LabelFilter): Promise<ListedContainer[]>
  containerDetails(id: string): Promise<ContainerDetails>
  createContainer(place: {
    sandboxId: string
    config: ContainerConfig
    sandboxConfig: SandboxConfig
  }): Promise<string>
  startContainer(id: string): Promise<void>
  /** Asks the container to end and kills it after `graceSeconds`; resolves when it has ended. */
  stopContainer(id: string, graceSeconds: number): Promise<void>
  /** Sends the container's first process a signal, by its number; nothing happens when it has ended. */
  signalContainer(id: string, signal: number): Promise<void>
  removeContainer(id: string): Promise<void>
  /** Makes the runtime write a container's log to a new file of the same name. */
  reopenContainerLog(id: string): Promise<void>
  exec(id: string, command: string[], timeoutSeconds: number): Promise<ExecResult>

  /** Where the runtime serves the streams, once and soon: SPDY/3.1 as a kubelet's clients speak it. */
  execUrl(id: string, command: readonly string[], streams: StreamChoice): Promise<URL>
  attachUrl(id: string, streams: StreamChoice): Promise<URL>
  portForwardUrl(sandboxId: string): Promise<URL>

  /** Of containers that run; the runtime measures from time to time. */
  writableLayers(filter?: LabelFilter): Promise<WritableLayer[]>

  listImages(): Promise<RuntimeImage[]>
  image(name: string): Promise<RuntimeImage | undefined>
  /** The pulled image's reference by digest. */
  pullImage(name: string, credentials?: Credentials): Promise<string>
  removeImage(name: string): Promise<void>

  /** Ends with an error when the runtime goes away; returns when the signal aborts. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>
  close(): void
}
