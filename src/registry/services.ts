// What handlers work with, and the shape of a handler.
import type { Actor } from './access/actor.ts'
import type { BlobStore } from './blob-store.ts'
import type { Collector } from './collect/collector.ts'
import type { Leases } from './collect/leases.ts'
import type { Trash } from './collect/trash.ts'
import type { RegistryRequest, RegistryResponse } from './http-message.ts'
import type { Manifests } from './manifests.ts'
import type { Metadata } from './metadata.ts'
import type { Quotas } from './quotas.ts'
import type { Pulls } from './retention/pulls.ts'
import type { Retention } from './retention/retention.ts'
import type { Route, RouteType } from './routes.ts'
import type { TagChanger } from './tag-changes.ts'
import type { Uploads } from './uploads.ts'
import type { Clock } from '#base/clock.ts'

export interface Services {
  metadata: Metadata
  store: BlobStore
  uploads: Uploads
  manifests: Manifests
  clock: Clock
  leases: Leases
  collector: Collector
  trash: Trash
  quotas: Quotas
  pulls: Pulls
  retention: Retention
}

export interface Call<Type extends RouteType> {
  services: Services
  request: RegistryRequest
  route: Extract<Route, { type: Type }>
  /** Authenticated, and authorised for the route's action. */
  actor: Actor
  /** The actor, and how far it may change tags here. */
  by: TagChanger
}

export type Handler<Type extends RouteType> = (
  call: Call<Type>,
) => RegistryResponse | Promise<RegistryResponse>
