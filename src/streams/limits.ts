// Every bound of the streaming protocols, by name.

export const streamLimits = {
  /** A control frame is read whole; ours and those of Kubernetes' clients are below a kilobyte. */
  controlFrameBytesMax: 16 * 1024,
  /** A header block, unpacked. */
  headerBlockBytesMax: 64 * 1024,
  headersMax: 64,
  /** Streams open at once on one connection: two for each forwarded connection. */
  streamsMax: 2_000,
  /** Bytes one stream holds for a slow reader before its connection is read no further. */
  streamBufferBytesMax: 256 * 1024,
  /** Longest data frame or message sent. */
  dataFrameBytesMax: 64 * 1024,
  /** Longest WebSocket message accepted; kubectl sends 32 KiB. */
  messageBytesMax: 4 * 1024 * 1024,
  /** Answers to a peer that does not read them, before its connection is given up. */
  unreadControlBytesMax: 256 * 1024,
  /** A peer is asked whether it lives this often, and taken for dead after that much silence. */
  pingPeriodMs: 15_000,
  silenceMsMax: 60_000,
  /** How long a peer may take to open the streams it announced, or to accept one. */
  streamCreationMs: 30_000,
  /** How long a peer may take to close after we said goodbye. */
  closeGraceMs: 5_000,
  /** How long a server may take to accept an upgrade. */
  upgradeMs: 10_000,
  /** Ports one client of numbered channels forwards: a digit or a byte names two channels for each. */
  channelPortsMax: 64,
  /** A Status on the error channel. */
  statusBytesMax: 256 * 1024,
  /** One message on the resize channel. */
  resizeMessageBytesMax: 1_024,
} as const
