// One logical cluster: a Kubernetes API over one store.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ApiCall, UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { TokenIssuer } from '#identity/token-issuer.ts'
import { apiServices } from '#kinds/refs.ts'
import type { KindDefinition } from '#kinds/definition.ts'
import type { Store } from '#storage/types.ts'
import type { AdmissionPlugin } from './admission/plugin.ts'
import { builtinAdmission } from './admission/builtin-admission.ts'
import type { FrontProxy } from './aggregation/front-proxy.ts'
import { NO_REMOTE_SERVICES, RemoteServiceFollower } from './aggregation/remote-services.ts'
import { answer } from './answer.ts'
import type { Handlers } from './answer.ts'
import { type AuditOptions, createAuditor } from './audit/auditor.ts'
import { createAuthenticator } from './authentication/authenticator.ts'
import { staleTokenLog } from './authentication/stale-token-log.ts'
import { firstThatAllows } from './authorization/first-that-allows.ts'
import { createNodeAuthorizer } from './authorization/node/node-authorizer.ts'
import { createRbacAuthorizer } from './authorization/rbac.ts'
import { builtinResources } from './builtin-resources.ts'
import { inProcessCall } from './in-process-call.ts'
import type { JwtAuthenticator } from './authentication/jwt/configuration.ts'
import { createJwtSource } from './authentication/jwt/jwt-source.ts'
import type { Call, ClusterContext, Outcome, ComponentHealth } from './context.ts'
import type { ClusterAccess } from './http/handle-request.ts'
import { createSharedEncoder } from './http/encode-event.ts'
import { createRequestHandler } from './http/handle-request.ts'
import { createUpgradeHandler, type UpgradeHandler } from './http/handle-upgrade.ts'
import { apiLimits } from './limits.ts'
import { type Dial, noDial } from './outgoing/dial.ts'
import { createOutgoing } from './outgoing/outgoing.ts'
import { createFairness, type Fairness } from './fairness/fairness.ts'
import { SeatPool } from './fairness/seat-pool.ts'
import { createObjectStorage } from './objects/object-storage.ts'
import { createPathHandler } from './path-handlers.ts'
import { createResourceRegistry } from './resources.ts'
import { serveOwnObjects } from './serve-own-objects.ts'
import { answerReview, reviewResources } from './reviews/reviews.ts'
import { answerSubresource } from './subresources/subresources.ts'

export interface LogicalClusterOptions {
  name: string
  store: Store
  kinds: readonly KindDefinition[]
  clock: Clock
  random: Random
  log: Logger
  tokenIssuer: TokenIssuer
  /** PEM of the authority whose client certificates count in this cluster. */
  clientAuthorityPem?: string
  /** Issuers of tokens that count beside the cluster's own; the same array as long as nothing changed. */
  issuers?: () => readonly JwtAuthenticator[]
  /** What aggregated servers know this one by. */
  frontProxy?: FrontProxy
  /** The user of an opaque bearer token, by its SHA-256 in hex. */
  findToken?: (hash: string) => UserInfo | undefined
  /** Where ClusterIPs come from; without it services get none. */
  serviceCIDR?: string
  /** A connection to the kubelet's HTTP API of a node. */
  dialNode?: (nodeName: string) => Promise<Duplex>
  /** Connections to webhooks, aggregated servers, pods and services; without it none is reached. */
  dial?: Dial
  /** Seats that the clusters of a process share; without it this one has those of a process for itself. */
  seats?: SeatPool
  /** Events a watcher in this process may lag behind before it is closed. */
  watchQueueEventsMax?: number
  /** Rules beside Kubernetes' own; asked after them. */
  admission?: readonly AdmissionPlugin[]
  /** Where requests over HTTP are written down; nowhere, unless given. */
  audit?: AuditOptions
  /** The parts beside the API that make the cluster work; none, unless given. */
  components?: () => readonly ComponentHealth[]
  /** Version of the product, shown by /version. */
  version: string
}

export interface LogicalCluster {
  readonly name: string
  /** The API as this user, without a socket. `userAgent` names the program, as the manager of what it writes. */
  call(user: UserInfo, userAgent?: string): ApiCall
  /** Answers an HTTP request; `path` is the one below the cluster's root, with query. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>
  /** Answers a request that asks for an upgrade; the connection is the cluster's from then on. */
  handleUpgrade: UpgradeHandler
  /** Ends all watches and streams; the store stays its owner's. */
  close(): Promise<void>
}

/** Resolves when the cluster has the objects every cluster starts with. */
export async function createLogicalCluster(
  options: LogicalClusterOptions,
): Promise<LogicalCluster> {
  const { name, store, clock, random, log, tokenIssuer } = options
  const { watchQueueEventsMax = limits.watchQueueEventsMax, components = () => [] } = options
  const objects = createObjectStorage(store)
  const resources = createResourceRegistry(options.kinds.flatMap(builtinResources), reviewResources)
  const outgoing = createOutgoing({ dial: options.dial ?? noDial, clock })
  const authenticator = createAuthenticator({
    clock,
    objects,
    tokens: tokenIssuer,
    clientAuthorityPem: options.clientAuthorityPem,
    findToken: options.findToken ?? (() => undefined),
    tokenSources:
      options.issuers === undefined
        ? []
        : [createJwtSource({ issuers: options.issuers, outgoing, clock, log })],
  })
  const authorizer = firstThatAllows([createNodeAuthorizer(objects), createRbacAuthorizer(objects)])
  const shared = { clock, random, log, objects, resources, authorizer, outgoing }
  const remote = remoteServices({ ...shared, name }, () => context)
  const rules = builtinAdmission({ ...shared, serviceCIDR: options.serviceCIDR })
  const context: ClusterContext = {
    ...shared,
    name,
    admission: [...rules.plugins, ...(options.admission ?? [])],
    tokens: tokenIssuer,
    dialNode: options.dialNode ?? noNodes,
    remote: remote ?? NO_REMOTE_SERVICES,
    frontProxy: options.frontProxy,
    components,
    identifyToken: (token, audiences) => authenticator.identifyToken(token, audiences),
  }
  const fairness = createFairness({ ...shared, pool: options.seats ?? new SeatPool() })
  const handlers = handlersOf(context, { version: options.version, fairness })
  const answerCall = (call: Call): Promise<Outcome> => answer(context, handlers, call)
  const closing = new AbortController()
  const access: ClusterAccess = {
    context,
    authenticate: (credentials) => authenticator.authenticate(credentials),
    answer: answerCall,
    auditor: createAuditor({ clock, random }, options.audit),
    staleToken: staleTokenLog({ log, clock }),
    closing: closing.signal,
    encodeShared: createSharedEncoder(apiLimits.encodedEventsMax),
    fairness,
  }
  const ownObjects = await serveOwnObjects(context, {
    clientAuthorityPem: options.clientAuthorityPem,
    frontProxyAuthorityPem: options.frontProxy?.authorityPem,
  })
  remote?.start()
  return {
    name,
    call: (user, userAgent = 'ccs') =>
      inProcessCall(answerCall, user, { closing: closing.signal, watchQueueEventsMax, userAgent }),
    handle: createRequestHandler(access),
    handleUpgrade: createUpgradeHandler(access),
    async close() {
      closing.abort(new Error(`cluster ${name} closes`))
      rules.close()
      fairness.close()
      outgoing.close()
      await remote?.close()
      await ownObjects.close()
    },
  }
}

/** None where API services are no kind of the cluster. */
function remoteServices(
  shared: ConstructorParameters<typeof RemoteServiceFollower>[0],
  context: () => ClusterContext,
): RemoteServiceFollower | undefined {
  const isServed = shared.resources.findKind(apiServices.group, apiServices.kind) !== undefined
  return isServed ? new RemoteServiceFollower(shared, context) : undefined
}

const handlersOf = (
  context: ClusterContext,
  paths: { version: string; fairness: Fairness },
): Handlers => ({
  subresources: answerSubresource,
  reviews: answerReview,
  paths: createPathHandler(context, paths),
})

const noNodes = (nodeName: string): Promise<never> =>
  Promise.reject(new Error(`node ${nodeName} cannot be reached: this cluster has no nodes`))
