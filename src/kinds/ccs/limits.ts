// Lengths of names. A machine's sockets lie below /run/ccs/<id>/<cluster>/<machine>/, and the path of
// a Unix socket has at most 107 bytes: 16 + 28 + 1 + 40 leave 22 for "/containerd.sock.ttrpc".

export const nameLimits = {
  clusterLengthMax: 28,
  machineLengthMax: 40,
  /** Also the name of a Kubernetes Service: one label of a host's name. */
  serviceLengthMax: 63,
  labelLengthMax: 63,
} as const

export const serviceLimits = {
  replicasMax: 1_000,
  portsMax: 32,
  envMax: 256,
  argumentsMax: 256,
  drainSecondsMax: 600,
  probeSecondsMax: 300,
  /** Revisions of a service that are kept. */
  revisionsMax: 20,
} as const

/** The name of the logical cluster that holds the product's own kinds. */
export const HUB = 'hub'
