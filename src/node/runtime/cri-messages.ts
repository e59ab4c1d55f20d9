// CRI's messages as they come over the wire, in the words of `runtime.ts`. Numbers of 64 bits are
// strings, times are nanoseconds.
import type {
  ContainerDetails,
  ContainerState,
  ListedContainer,
  RuntimeImage,
  Sandbox,
  WritableLayer,
} from './runtime.ts'

export interface WireMetadata {
  name: string
  attempt: number
}

export interface WireSandbox {
  id: string
  metadata: WireMetadata
  state: string
  createdAt: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface WireContainer extends WireSandbox {
  podSandboxId: string
  image: { image: string } | null
}

export interface WireContainerStatus {
  id: string
  state: string
  startedAt: string
  finishedAt: string
  exitCode: number
  image: { image: string } | null
  imageRef: string
  reason: string
  message: string
}

export interface WireImage {
  id: string
  repoTags: string[]
  repoDigests: string[]
  size: string
  uid: { value: string } | null
  username: string
}

export interface WireStats {
  attributes: { labels: Record<string, string> }
  writableLayer: { usedBytes: { value: string } | null } | null
}

const CONTAINER_STATES: Record<string, ContainerState> = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
}

const millisecondsOf = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1_000_000n)
const containerStateOf = (state: string): ContainerState => CONTAINER_STATES[state] ?? 'unknown'

export const sandboxOf = (wire: WireSandbox): Sandbox => ({
  id: wire.id,
  state: wire.state === 'SANDBOX_READY' ? 'ready' : 'not-ready',
  createdAtMs: millisecondsOf(wire.createdAt),
  attempt: wire.metadata.attempt,
  labels: wire.labels,
  annotations: wire.annotations,
})

export const containerOf = (wire: WireContainer): ListedContainer => ({
  id: wire.id,
  sandboxId: wire.podSandboxId,
  image: wire.image?.image ?? '',
  name: wire.metadata.name,
  attempt: wire.metadata.attempt,
  state: containerStateOf(wire.state),
  createdAtMs: millisecondsOf(wire.createdAt),
  labels: wire.labels,
  annotations: wire.annotations,
})

export const detailsOf = (wire: WireContainerStatus): ContainerDetails => ({
  id: wire.id,
  state: containerStateOf(wire.state),
  startedAtMs: millisecondsOf(wire.startedAt),
  finishedAtMs: millisecondsOf(wire.finishedAt),
  exitCode: wire.exitCode,
  image: wire.image?.image ?? '',
  imageRef: wire.imageRef,
  reason: wire.reason,
  message: wire.message,
})

export const layerOf = ({ attributes, writableLayer }: WireStats): WritableLayer => ({
  labels: attributes.labels,
  usedBytes: Number(writableLayer?.usedBytes?.value ?? 0),
})

export const imageOf = (wire: WireImage): RuntimeImage => ({
  id: wire.id,
  repoTags: wire.repoTags,
  repoDigests: wire.repoDigests,
  sizeBytes: Number(wire.size),
  uid: wire.uid === null ? undefined : Number(wire.uid.value),
  username: wire.username,
})
