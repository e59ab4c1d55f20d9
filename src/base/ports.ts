// Default ports, all in one place. Each has a flag of `ccs up`.

export const defaultPorts = {
  /** The API of the hub and, under /clusters/<name>/, of every cluster; HTTPS on 127.0.0.1. */
  api: 6443,
  /** The registry, HTTP on 127.0.0.1 (HTTPS on the gateways). */
  registry: 5000,
  /** Names below ccs.internal for this computer; UDP and TCP on 127.0.0.1. */
  dns: 1053,
} as const

export type Ports = { -readonly [Name in keyof typeof defaultPorts]: number }

/** Ports on a cluster's gateway address. */
export const gatewayPorts = { api: 443, dns: 53, registry: 5000 } as const

/** Host ports for load balancers whose own port is taken. */
export const hostPortRange = { first: 20_000, last: 21_999 } as const
