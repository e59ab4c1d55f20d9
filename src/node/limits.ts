// Every bound of the node agent, by name.

export const nodeLimits = {
  /** Images pulled at once on a machine. */
  imagePullsMax: 5,
  /** Images of which it is known with whose Secret they were pulled. */
  imagesRememberedMax: 10_000,
  /** When images go because the disk fills, as a kubelet's default is. */
  imageKeeping: { periodMs: 300_000, highShare: 0.85, lowShare: 0.8, ageMsMin: 120_000 },
  /** Delays before a failed pull is tried again: a promise to users, so without jitter. */
  imagePullBackoff: { firstMs: 10_000, maxMs: 300_000, jitter: 0 },
  /** Delays before any other failed step of a pod is tried again. */
  operationBackoff: { firstMs: 500, maxMs: 15_000, jitter: 0.2 },
  /** Probes under way at once on a machine. */
  probesMax: 64,
  /** A postStart hook that takes longer has failed. */
  postStartHookSecondsMax: 3_600,
  /** Sandboxes made at once: the kernel serializes much of it, more only slows each. */
  sandboxStartsMax: 10,
  /** Pods looked at when nothing told of a change. */
  resyncMs: 30_000,
  /** How often a container is looked at again whose end was told but not yet shown. */
  settleMs: 25,
  settleTriesMax: 200,
  /** Ends of containers remembered until the runtime shows them. */
  endsRememberedMax: 10_000,
  /** Volumes are made anew this often where no cache tells of changes. */
  volumeResyncMs: 60_000,
  /** When the log of a container is rotated, and how many files of it are kept. */
  containerLogs: { periodMs: 10_000, sizeBytesMax: 10 * 1024 * 1024, filesMax: 5 },
  /** How long a reader waits for the runtime to open the next file of a log. */
  logReopen: { tries: 20, delayMs: 50 },
  /** A file that environment variables are read from. */
  envFileBytesMax: 64 * 1024,
  /** How often pods are held to what they may take of the disk. */
  storagePeriodMs: 10_000,
  leasePeriodMs: 1_000,
  /** How often the agent asks whether its machine answers, and that soon after a start. */
  reachPeriodMs: 250,
  firstLookPeriodMs: 25,
  /** After a start, silence of the machine means nothing for this long. */
  reachGraceMs: 5_000,
  leaseDurationSeconds: 5,
  /** The node's status is written again at least this often. */
  nodeStatusPeriodMs: 60_000,
  /** How often the runtime is asked how it is, and how long it may take to say so. */
  runtimePingPeriodMs: 5_000,
  runtimePingTimeoutMs: 10_000,
  /** After the runtime came (back), what its first events may have missed is looked at again. */
  secondLookMs: 1_000,
  /** Delay before the event stream is opened anew. */
  eventStreamBackoff: { firstMs: 100, maxMs: 1_000, jitter: 0.2 },
  /** Events that wait to be written; more are dropped. */
  eventsQueuedMax: 1_000,
  /** Events remembered to count repetitions. */
  eventsRememberedMax: 4_096,
  /** Clients of exec, attach and port-forward at once on a machine. */
  streamsMax: 500,
  /** How long the runtime may take to say where a stream is served. */
  streamOpenMs: 5_000,
  terminationMessageBytesMax: 4_096,
  /** Of all containers of a pod together. */
  podTerminationMessagesBytesMax: 12 * 1_024,
  /** Termination messages taken from a log. */
  terminationLogBytesMax: 2_048,
  terminationLogLinesMax: 80,
} as const
