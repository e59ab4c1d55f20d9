import type { Quantity } from '#kinds/object.ts'

/** What the agent must know of the machine it works for. */
export interface NodeMachine {
  zone: string
  region: string
  /** The machine's address on the cluster's network. */
  address: string
  podCIDR: string
  runtimeSocket: string
  /** File of the certificate that the runtime's streaming server has; none where it speaks plain HTTP. */
  streamingCertificate?: string
  /** On disk; outlives a restart of the computer. */
  directory: string
  /** Below /run. */
  runDirectory: string
  podsCgroup: string
  /** Names of images that the runtime itself needs. */
  pinnedImages?: readonly string[]
  capacity: Readonly<Record<string, Quantity>>
  /** What pods may use. */
  allocatable: Readonly<Record<string, Quantity>>
  instanceType: string
}
