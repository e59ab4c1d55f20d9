// Bounds of what the API server asks of others.

export const outgoingLimits = {
  /** How long a connection, with its TLS handshake, may take to be made. */
  connectTimeoutMs: 10_000,
  /** Targets whose connections are kept open, and idle connections to each. */
  targetsMax: 256,
  idlePerTargetMax: 16,
  /** Connections to one target at once: calls beyond that wait for one to be free. */
  connectionsPerTargetMax: 100,
  /** An idle connection is closed after this. */
  idleMs: 60_000,
  /** Longest answer of a webhook: Kubernetes' own limit for the answer of an admission webhook is 6 MiB. */
  reviewBytesMax: 6 * 1024 * 1024,
  /** Longest discovery or OpenAPI document of an aggregated server. */
  documentBytesMax: 16 * 1024 * 1024,
  /** How long an aggregated server may take to say what it serves. */
  discoveryTimeoutMs: 5_000,
  /** How much of a refusal is told on. */
  excerptLengthMax: 512,
} as const
