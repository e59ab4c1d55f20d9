/** Bounds of what edge forwards. */
export const forwardLimits = {
  connectionsPerPortMax: 10_000,
  /** Clients, by address and port, that a UDP port knows at once. */
  udpFlowsPerPortMax: 1_000,
  /** Silence in both directions after which a UDP client is forgotten, as the kernel does with a stream. */
  udpIdleMs: 120_000,
  udpSweepMs: 10_000,
  /** Kept of a flow while its socket opens, which takes a moment. */
  datagramsWaitingMax: 16,
  /** Pause before a port that could not be listened on is tried again. */
  listenRetryMs: 1_000,
  /** A backend of this computer answers at once or is away. */
  connectTimeoutMs: 500,
  /** The load balancer's address may lead to any of several backends: the kernel asks them for longer. */
  balancerConnectTimeoutMs: 2_000,
  /** Pauses before the next tries: between two sets of rules a packet may meet the pod that just went. */
  retryDelaysMs: [10, 50, 200, 300, 500],
  /** How long a backend that did not answer is chosen last. */
  suspectMs: 1_000,
  /** How often connections that wait for a backend are looked at. */
  watchMs: 500,
  /** A request waits this long before its backend is asked whether it is still there. */
  stallMs: 1_000,
  /** Silence after which the kernel asks whether the other side is still there. */
  keepAliveMs: 60_000,
  /** A server has ended; its client may take this long to end too. */
  lingerMs: 300_000,
  /** A client between two requests whose server has left. */
  detachedMs: 300_000,
  /** A server that was left may take this long to end. */
  farewellMs: 1_000,
  /** How often one request is sent anew. */
  replaysMax: 10,
  /** What is kept of a request to send it anew. */
  replayBytesMax: 64 * 1024,
  /** A backend that answered is asked again after this time while requests wait for it. */
  askAgainMs: 5_000,
} as const
