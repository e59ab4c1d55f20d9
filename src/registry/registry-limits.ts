// Every bound of the registry by name.

const MIB = 1024 * 1024

export const registryLimits = {
  /** Largest manifest taken: the least the distribution spec asks registries to take. */
  manifestBytesMax: 4 * MIB,
  /** Tags that one push sets; the distribution spec asks for 10 at least. */
  tagsOfPushMax: 100,
  /** Largest blob taken. */
  blobBytesMax: 1024 * 1024 * MIB,
  /** Largest image config read to learn the platform of an image. */
  configBytesMax: 4 * MIB,
  /** Characters of a repository's name: longer ones do not fit with a host in 255 characters. */
  repositoryNameCharsMax: 255,
  /** Entries on a page of a list; a larger wish is clamped. */
  listPageMax: 1_000,
  /** Repositories on a page of the product's list: each brings its tags along. */
  productPageMax: 100,
  /** A blob that no manifest refers to is kept for this long: pushes are long. */
  unusedBlobMs: 2 * 60 * 60_000,
  /** How long what is deleted can be had back. */
  trashKeptMs: 7 * 24 * 60 * 60_000,
  /** How often collection looks for what is due. */
  collectIntervalMs: 60_000,
  /** Rows of the queue that one round of collection looks at, so that requests wait for none. */
  reviewsPerRound: 500,
  /** The record of who changed what is kept for this long, and cut this often. */
  eventsKeptMs: 90 * 24 * 60 * 60_000,
  eventPruneIntervalMs: 60 * 60_000,
  /** How often it is written when tags were pulled, and whether retention is due. */
  retentionIntervalMs: 60_000,
  /** Tags whose pull is noted before that is written. */
  notedPullsMax: 10_000,
  /** Every blob is read this often, to find bit rot. */
  scrubEveryMs: 30 * 24 * 60 * 60_000,
  /** How often some are read, and how much at a time: 64 MiB a minute are 90 GiB a day. */
  scrubIntervalMs: 60_000,
  scrubBytesPerRound: 64 * MIB,
  /** Blobs that clients were told of and may be about to use; with more, the oldest are forgotten. */
  leasesMax: 200_000,
  /** Upload sessions open at once. */
  uploadsMax: 10_000,
  /** An upload session without progress for this long is thrown away. */
  uploadIdleMs: 24 * 60 * 60_000,
  /** How often idle upload sessions are looked for. */
  uploadSweepIntervalMs: 60 * 60_000,
  /** Progress is noted on disk at most this often. */
  uploadTouchIntervalMs: 60_000,
  /** Bytes gathered for one write to a blob's file. */
  writeBatchBytes: MIB,
  /** Bytes of one read from a blob's file; two such reads are under way for each download. */
  readChunkBytes: MIB,
  /** How long `close` waits for requests under way. */
  drainMs: 10_000,
  /** A connection on which no byte moves for this long is closed. */
  socketIdleMs: 120_000,
  /** An answer that takes long sends something this often. */
  patienceMs: 20_000,
  /** An unused connection is kept for this long: longer than clients and proxies keep theirs. */
  keepAliveMs: 75_000,
  headersTimeoutMs: 60_000,
  headersBytesMax: 64 * 1024,
  /** Connections of one listener. */
  connectionsMax: 4_096,
} as const
