// Bounds of the API server, by name. What other parts share is in base/limits.ts.

export const apiLimits = {
  /** Longest path with query; Node refuses longer header blocks before we see them. */
  urlLengthMax: 8_192,
  /** Characters of all warnings of an answer; beyond that of each of them. Kubernetes' own. */
  warningsLengthMax: 4_096,
  warningLengthMax: 256,
  /** Nesting of a JSON or YAML body. */
  bodyDepthMax: 100,
  /** Open watches and followed logs of one user of one cluster. */
  streamsPerUserMax: 2_000,
  /** Open exec, attach and port-forward sessions: of one user of one cluster, and of one listener. */
  upgradesPerUserMax: 200,
  upgradesMax: 1_000,
  /** Bytes that may wait in a watcher's socket before it is closed. */
  watchBufferBytesMax: 16 * 1024 * 1024,
  /** A watch without timeoutSeconds ends after a time between the two, so that watches spread. */
  watchTimeoutMs: { min: 30 * 60_000, max: 60 * 60_000 },
  /** Bookmarks of a watch: between two, after the initial state, and before its end. */
  bookmarkIntervalMs: 60_000,
  bookmarkSoonMs: 1_000,
  bookmarkBeforeEndMs: 2_000,
  /** Encoded events kept to share between watchers of the same form. */
  encodedEventsMax: 2_000,
  /** An object that comes and goes while it is applied to. */
  applyTriesMax: 5,
  /** Tries to find a free name for `generateName`. */
  generateNameTriesMax: 8,
  patchOperationsMax: 10_000,
  /** Pods held against a new PodSecurity level of their namespace. */
  podsCheckedMax: 3_000,
  /** Objects a deletecollection removes side by side, so that they share commits. */
  deletesAtOnceMax: 50,
  /** A client must have sent its headers, and then its body, within these. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 120_000,
  /** A body that takes longer gives the seats of its request to others until it is there. */
  bodyWithSeatMs: 1_000,
  /** Bodies of one user that take longer, at once. */
  slowBodiesPerUserMax: 50,
  /** How long a client may take to read an answer of more bytes than these. */
  answerTimeoutMs: 60_000,
  smallAnswerBytes: 64 * 1024,
  connectionsMax: 10_000,
  /** How long a conversion webhook has, as in Kubernetes, and the objects it is asked about at once. */
  conversionTimeoutMs: 30_000,
  conversionObjectsMax: 500,
  /** How long a kubelet may take to accept a connection. */
  nodeDialTimeoutMs: 10_000,
  /** How long a kubelet may take to open a stream: its runtime has deadlines of its own below that. */
  upgradeTimeoutMs: 20_000,
  /** How long one side of a stream may go on after the other is gone. */
  upgradeLingerMs: 5_000,
} as const
