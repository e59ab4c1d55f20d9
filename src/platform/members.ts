// How the platform reaches the clusters it works on, whoever provides them.
import type { Client, InformerFactory } from '#client/types.ts'

export interface Member {
  client: Client
  informers: InformerFactory
}

export interface Members {
  /** The cluster's client and caches, or undefined while it is not there yet. */
  get(cluster: string): Member | undefined
  /** Every cluster there is now, by name. */
  all(): ReadonlyMap<string, Member>
  /** Calls back for each member there is and each that comes later. */
  onAdded(listener: (cluster: string, member: Member) => void): void
}
