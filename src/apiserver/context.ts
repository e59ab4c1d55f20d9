// What every part of one logical cluster's API server works with, and what passes between them.
import type { ClientRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { PatchType, UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { KubeList, KubeObject } from '#kinds/object.ts'
import type { AdmissionPlugin } from './admission/plugin.ts'
import type { Authorizer, Decision } from './authorization/authorizer.ts'
import type { TokenIssuer } from '#identity/token-issuer.ts'
import type { Outgoing } from './outgoing/outgoing.ts'
import type { ObjectStorage, Stored } from './objects/object-storage.ts'
import type { RequestInfo, RequestLine } from './request-info.ts'
import type { ResourceRegistry, ServedResource } from './resources.ts'
import type { WatchSink } from './watch/sink.ts'

export interface ClusterContext {
  name: string
  clock: Clock
  random: Random
  log: Logger
  objects: ObjectStorage
  resources: ResourceRegistry
  admission: readonly AdmissionPlugin[]
  authorizer: Authorizer
  tokens: TokenIssuer
  /** A connection to the kubelet's HTTP API of a node. */
  dialNode: (nodeName: string) => Promise<Duplex>
  /** Requests to webhooks, aggregated servers, pods and services. */
  outgoing: Outgoing
  /** The parts beside the API itself that make a cluster work. */
  components(): readonly ComponentHealth[]
  /** Who a bearer token is, for TokenReview. */
  identifyToken(
    token: string,
    audiences: readonly string[] | undefined,
  ): Promise<TokenIdentity | undefined>
}

/** A part of a cluster as ComponentStatus shows it: "scheduler" works, and says "ok". */
export interface ComponentHealth {
  name: string
  isHealthy: boolean
  message: string
}

export interface TokenIdentity {
  user: UserInfo
  audiences: string[]
  /** For how many seconds it should have been replaced already. */
  staleSeconds?: number
}

export type Body =
  | { type: 'value'; value: unknown }
  | { type: 'text'; text: string; mediaType: 'application/json' | 'application/yaml' }

export interface ServerRequest extends RequestLine {
  body?: Body
  patchType?: PatchType
  signal?: AbortSignal
  /** The Accept header; discovery answers in several forms. */
  accept?: string
  /** Whose fields a write makes them, unless it names a manager. */
  userAgent?: string
}

/** A request with who asks, while it is answered. */
export interface Call {
  user: UserInfo
  request: ServerRequest
  /** What `request` asks for, where somebody has read that already. */
  info?: RequestInfo
  /** Texts of Warning headers. */
  warnings: string[]
  /** Set where access is decided, once the request is allowed: nothing is answered without. */
  decision?: Decision
}

/** Who writes: a call, or the server itself, that has no request of its own. */
export type Asker = Pick<Call, 'user'> & Partial<Call>

export type Outcome =
  /** `stored` is there when `object` is exactly what is stored: its bytes can be sent as they are. */
  | {
      type: 'object'
      status: number
      object: unknown
      resource?: ServedResource
      stored?: Stored
    }
  | {
      type: 'list'
      resource: ServedResource
      items: Stored[]
      metadata: KubeList<never>['metadata']
    }
  | { type: 'watch'; resource: ServedResource; open: (sink: WatchSink) => { close(): void } }
  | { type: 'bytes'; status: number; contentType: string; chunks: AsyncIterable<Uint8Array> }
  /** The request must be upgraded, and goes on at this path (with query) of a node's kubelet. */
  | { type: 'upgrade'; node: string; path: string }
  | { type: 'document'; status: number; contentType: string; text: string }
  | ProxyOutcome

/** The request goes on to another server, and its answer comes back as it is. */
export interface ProxyOutcome {
  type: 'proxy'
  /** "address:port", or the name of a node. */
  host: string
  /** Below the root of the other server, with query. */
  path: string
  /** What of it the client wrote, without query: empty, or with a slash in front. */
  rest: string
  open(request: {
    method: string
    path: string
    headers: Record<string, string | string[]>
  }): ClientRequest
  /** A connection of its own, for an upgrade. */
  connect(): Promise<Duplex>
}

export interface Target {
  resource: ServedResource
  namespace: string | undefined
  name: string
  subresource: string | undefined
}

/** An object that may still be changed: a copy of its own. */
export type Draft = KubeObject & Record<string, unknown>
