// Every bound of the mirror by name.

const MIB = 1024 * 1024
const SECOND = 1_000
const MINUTE = 60 * SECOND

export const mirrorLimits = {
  connectMs: 5 * SECOND,
  /** From asking until the head of the answer is there. */
  firstByteMs: 15 * SECOND,
  /** Between two pieces of a body. */
  idleMs: 30 * SECOND,
  /** A body that is slower than this over a minute is given up. */
  slowestBytesPerMinute: 64 * 1024,
  /** All of a small answer: a token, a manifest, a list. */
  smallBodyMs: 30 * SECOND,
  /** How long a client waits for the upstream when there is something to serve without it. */
  checkBudgetMs: 2 * SECOND,
  /** Of an answer that nobody reads; more is not worth its connection. */
  droppedBytesMax: 64 * 1024,
  droppedMs: 2 * SECOND,
  tokenBytesMax: 256 * 1024,
  tagsBytesMax: 8 * MIB,
  referrersBytesMax: 4 * MIB,
  /** Pages of tags that are read of one repository. */
  tagPagesMax: 100,
  tagsMax: 50_000,
  /** Repositories whose list of tags is kept in memory. */
  tagListsKept: 200,
  redirectsMax: 5,
  /** Tokens kept of one upstream; one for each repository that is pulled. */
  tokensMax: 1_000,
  /** A token is not used in its last seconds. */
  tokenSpareMs: 10 * SECOND,
  /** What a token is good for when its service does not say (token specification: 60 s). */
  tokenLifeMs: MINUTE,
  tokenLifeMsMax: 60 * MINUTE,
  /** Failures, each within `breakerMemoryMs` of the one before, that open the breaker. */
  breakerFailures: 2,
  breakerMemoryMs: 5 * MINUTE,
  /** An upstream behind an open breaker is tried this often, by one request. */
  breakerProbeMs: 15 * SECOND,
  /** How long an upstream's "there is no such thing" is believed. */
  unknownMs: MINUTE,
  unknownsMax: 10_000,
  /** How long a refusal holds that does not say how long. */
  retryAfterMs: MINUTE,
  retryAfterMsMax: 6 * 60 * MINUTE,
  /** How often a blob goes on where its connection broke off, without a byte in between. */
  resumesMax: 3,
  /** What is held back of a blob until its digest is known to be right. */
  heldBackBytes: 1,
  /** Blobs under way at once, of all upstreams. */
  fetchesMax: 256,
  /** After a write failed for want of space, blobs are passed through unstored for this long. */
  diskFullMs: MINUTE,
  /** How often the state of upstreams is told to the hub. */
  statusIntervalMs: 10 * SECOND,
} as const
