// A container runtime in memory, for unit tests and the simulation: no processes, no time of its own.
import type { Clock } from '#base/clock.ts'
import {
  type ContainerConfig,
  type ContainerDetails,
  type ExecResult,
  type LabelFilter,
  type ListedContainer,
  type Runtime,
  RuntimeError,
  type RuntimeEvent,
  type RuntimeImage,
  type Sandbox,
  type SandboxConfig,
  type WritableLayer,
} from './runtime.ts'

export interface FakeContainer extends ListedContainer, ContainerDetails {
  config: ContainerConfig
}

export interface FakeSandbox extends Sandbox {
  config: SandboxConfig
  address: string
}

export interface FakeRuntime extends Runtime {
  readonly sandboxes: FakeSandbox[]
  readonly containers: FakeContainer[]
  /** Names of the calls made, oldest first, such as "startContainer main". */
  readonly calls: string[]
  /** Images that are present or can be pulled, by name. */
  readonly present: Set<string>
  readonly pullable: Set<string>
  /** Ends a container as its process would. */
  exit(containerId: string, exitCode: number): void
  /** The machine restarts: everything has ended, records stay. */
  crash(): void
  /** Makes the next call of this name fail. */
  fail(method: keyof Runtime, error: RuntimeError): void
  execute: (container: FakeContainer, command: string[]) => ExecResult
  /** Where streams are served; undefined: nowhere. */
  streamServer: string | undefined
  /** Milliseconds a container takes to end after TERM; undefined for one that ignores it. */
  termMs: number | undefined
}

const matches = (labels: Record<string, string>, filter: LabelFilter | undefined): boolean =>
  Object.entries(filter ?? {}).every(([key, value]) => labels[key] === value)

const imageOf = (name: string): RuntimeImage => ({
  id: `sha256:${name}`,
  repoTags: [name],
  repoDigests: [],
  sizeBytes: 1_000,
  uid: undefined,
  username: '',
})

export function fakeRuntime(clock: Clock): FakeRuntime {
  return new MemoryRuntime(clock)
}

class MemoryRuntime implements FakeRuntime {
  readonly sandboxes: FakeSandbox[] = []
  readonly containers: FakeContainer[] = []
  readonly calls: string[] = []
  readonly present = new Set<string>()
  readonly pullable = new Set<string>()
  streamServer: string | undefined
  execute: FakeRuntime['execute'] = () => ({ stdout: '', stderr: '', exitCode: 0 })
  termMs: number | undefined = 0
  readonly #clock: Clock
  readonly #failures: { method: keyof Runtime; error: RuntimeError }[] = []
  readonly #listeners = new Set<(event: RuntimeEvent) => void>()
  #sequence = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  fail(method: keyof Runtime, error: RuntimeError): void {
    this.#failures.push({ method, error })
  }

  exit(containerId: string, exitCode: number): void {
    const container = this.containers.find(({ id }) => id === containerId)
    if (container?.state !== 'running') return
    container.state = 'exited'
    container.exitCode = exitCode
    container.finishedAtMs = this.#clock.now()
    container.reason = exitCode === 0 ? 'Completed' : 'Error'
    this.#tell({ type: 'exited', containerId })
  }

  crash(): void {
    for (const sandbox of this.sandboxes) sandbox.state = 'not-ready'
    for (const { id } of this.containers) this.exit(id, 255)
  }

  async version() {
    this.#called('version')
    return { name: 'containerd', version: '1.6.20' }
  }

  async conditions() {
    this.#called('conditions')
    return [{ type: 'RuntimeReady', status: true, reason: '', message: '' }]
  }

  async listSandboxes(filter?: LabelFilter): Promise<Sandbox[]> {
    this.#called('listSandboxes')
    return this.sandboxes.filter(({ labels }) => matches(labels, filter)).map((s) => ({ ...s }))
  }

  async sandboxAddresses(id: string): Promise<string[]> {
    this.#called('sandboxAddresses')
    const { address, state } = this.#sandbox(id)
    return state === 'ready' ? [address] : []
  }

  async sandboxNetwork(id: string): Promise<string | undefined> {
    this.#called('sandboxNetwork', id)
    return undefined
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    const { name, attempt } = config.metadata
    this.#called('runSandbox', name)
    const id = `sandbox-${++this.#sequence}`
    const { labels, annotations } = config
    const address = `10.0.0.${this.#sequence}`
    const createdAtMs = this.#clock.now()
    const made = { id, config, labels, annotations, attempt, createdAtMs, address }
    this.sandboxes.push({ ...made, state: 'ready' })
    return id
  }

  async stopSandbox(id: string): Promise<void> {
    this.#called('stopSandbox', id)
    const sandbox = this.sandboxes.find((candidate) => candidate.id === id)
    if (sandbox === undefined) return
    for (const container of this.#containersOf(id)) this.exit(container.id, 137)
    sandbox.state = 'not-ready'
  }

  async removeSandbox(id: string): Promise<void> {
    this.#called('removeSandbox', id)
    for (const container of this.#containersOf(id)) this.#remove(this.containers, container.id)
    this.#remove(this.sandboxes, id)
  }

  async listContainers(filter?: LabelFilter): Promise<ListedContainer[]> {
    this.#called('listContainers')
    return this.containers.filter(({ labels }) => matches(labels, filter)).map((c) => ({ ...c }))
  }

  async containerDetails(id: string): Promise<ContainerDetails> {
    this.#called('containerDetails')
    return { ...this.#container(id) }
  }

  async createContainer(place: { sandboxId: string; config: ContainerConfig }): Promise<string> {
    const { config, sandboxId } = place
    const { name, attempt } = config.metadata
    this.#called('createContainer', name)
    this.#sandbox(sandboxId)
    const id = `container-${++this.#sequence}`
    const { labels, annotations } = config
    const { image } = config.image
    this.containers.push({
      id,
      config,
      sandboxId,
      name,
      attempt,
      labels,
      annotations,
      image,
      imageRef: image,
      state: 'created',
      createdAtMs: this.#clock.now(),
      startedAtMs: 0,
      finishedAtMs: 0,
      exitCode: 0,
      reason: '',
      message: '',
    })
    return id
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id)
    this.#called('startContainer', container.name)
    container.state = 'running'
    container.startedAtMs = this.#clock.now()
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    this.#called('stopContainer', `${id} ${graceSeconds}`)
    const graceMs = graceSeconds * 1000
    const obeys = this.termMs !== undefined && this.termMs <= graceMs
    const delayMs = obeys ? (this.termMs ?? 0) : graceMs
    if (delayMs > 0) await this.#clock.sleep(delayMs)
    this.exit(id, obeys ? 143 : 137)
  }

  async signalContainer(id: string, signal: number): Promise<void> {
    this.#called('signalContainer', `${id} ${signal}`)
    if (this.termMs !== undefined) await this.#clock.sleep(this.termMs)
    this.exit(id, 128 + signal)
  }

  async removeContainer(id: string): Promise<void> {
    this.#called('removeContainer', id)
    this.exit(id, 137)
    this.#remove(this.containers, id)
  }

  async writableLayers(filter?: LabelFilter): Promise<WritableLayer[]> {
    this.#called('writableLayers')
    const running = this.containers.filter(({ state }) => state === 'running')
    return running
      .filter(({ labels }) => matches(labels, filter))
      .map(({ labels }) => ({ labels, usedBytes: 0 }))
  }

  async reopenContainerLog(id: string): Promise<void> {
    this.#called('reopenContainerLog', id)
    this.#container(id)
  }

  async exec(id: string, command: string[]): Promise<ExecResult> {
    this.#called('exec', command.join(' '))
    return this.execute(this.#container(id), command)
  }

  async execUrl(id: string, command: readonly string[]): Promise<URL> {
    this.#called('execUrl', command.join(' '))
    this.#container(id)
    return this.#streamUrl(`exec/${id}`)
  }

  async attachUrl(id: string): Promise<URL> {
    this.#called('attachUrl', id)
    this.#container(id)
    return this.#streamUrl(`attach/${id}`)
  }

  async portForwardUrl(sandboxId: string): Promise<URL> {
    this.#called('portForwardUrl', sandboxId)
    return this.#streamUrl(`portforward/${sandboxId}`)
  }

  #streamUrl(path: string): URL {
    if (this.streamServer === undefined)
      throw new RuntimeError('Unimplemented', 'streaming server is not enabled')
    return new URL(path, this.streamServer)
  }

  async listImages(): Promise<RuntimeImage[]> {
    this.#called('listImages')
    return [...this.present].map(imageOf)
  }

  async image(name: string): Promise<RuntimeImage | undefined> {
    this.#called('image', name)
    const plain = name.replace(/^sha256:/, '')
    return this.present.has(plain) ? imageOf(plain) : undefined
  }

  async pullImage(name: string): Promise<string> {
    this.#called('pullImage', name)
    if (!this.pullable.has(name)) throw new RuntimeError('NotFound', `${name}: not found`)
    this.present.add(name)
    return imageOf(name).id
  }

  async removeImage(name: string): Promise<void> {
    this.#called('removeImage', name)
    this.present.delete(name)
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const queue: RuntimeEvent[] = []
    let wake = Promise.withResolvers<void>()
    const listener = (event: RuntimeEvent) => {
      queue.push(event)
      wake.resolve()
    }
    const onAbort = () => wake.resolve()
    this.#listeners.add(listener)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      while (!signal.aborted) {
        yield* queue.splice(0)
        await wake.promise
        wake = Promise.withResolvers<void>()
      }
    } finally {
      this.#listeners.delete(listener)
      signal.removeEventListener('abort', onAbort)
    }
  }

  close(): void {
    this.calls.push('close')
  }

  #called(method: keyof Runtime, what?: string): void {
    this.calls.push(what === undefined ? method : `${method} ${what}`)
    const at = this.#failures.findIndex((failure) => failure.method === method)
    if (at < 0) return
    const [failure] = this.#failures.splice(at, 1)
    if (failure !== undefined) throw failure.error
  }

  #tell(event: RuntimeEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #containersOf(sandboxId: string): FakeContainer[] {
    return this.containers.filter((container) => container.sandboxId === sandboxId)
  }

  #sandbox(id: string): FakeSandbox {
    return this.#existing(this.sandboxes, id)
  }

  #container(id: string): FakeContainer {
    return this.#existing(this.containers, id)
  }

  #existing<T extends { id: string }>(all: readonly T[], id: string): T {
    const found = all.find((candidate) => candidate.id === id)
    if (found === undefined) throw new RuntimeError('NotFound', `${id}: not found`)
    return found
  }

  #remove(all: { id: string }[], id: string): void {
    const at = all.findIndex((candidate) => candidate.id === id)
    if (at >= 0) all.splice(at, 1)
  }
}
