// Bounds of the audit log, by name.

export const auditLimits = {
  /** Longest id that a client may give its request; Kubernetes' own logs cut it there. */
  auditIdLengthMax: 64,
  /** As Kubernetes: what is longer is cut. */
  userAgentLengthMax: 1_024,
  /** Bodies of one event, as Kubernetes' truncating backend has it by default: what is larger is left out. */
  bodyBytesMax: 100 * 1024,
  /** All annotations of one event together; webhooks and policies write them. */
  annotationsBytesMax: 64 * 1024,
  /** Events wait as long as this for others to share a write with. */
  flushIntervalMs: 100,
  /** So many bytes are written at once without waiting for the interval. */
  flushBytes: 256 * 1024,
  /** Of all clusters together: from here on requests wait. */
  queueBytesMax: 16 * 1024 * 1024,
  /** How long a request waits for room before it is answered all the same, and its events are dropped. */
  roomWaitMs: 5_000,
  /** A rotated file is begun at this size; so many of them are kept, for as many days. */
  fileBytesMax: 100 * 1024 * 1024,
  filesMax: 10,
  fileAgeMaxMs: 30 * 24 * 3_600_000,
  /** How often files that are too old are looked for. */
  sweepIntervalMs: 3_600_000,
  policyBytesMax: 1024 * 1024,
} as const
