// From a request to its answer: who asks, what for, may they, and only then the handler. There is
// no other way to a handler, and what the table does not grant is refused.
import type { Action, Grant } from './access/access.ts'
import type { Actor } from './access/actor.ts'
import type { Authenticator } from './access/authenticator.ts'
import { neededScope, TOKEN_PATH, unauthorized } from './access/challenge.ts'
import type { Scope } from './access/scope.ts'
import { answerTokenRequest } from './access/token-endpoint.ts'
import { deleteBlob, getBlob } from './blob-handlers.ts'
import { runFsck } from './check/check-handlers.ts'
import { collectNow, listTrash, purgeTrash, restoreTrash } from './collect/collect-handlers.ts'
import { jsonResponse, type RegistryRequest, type RegistryResponse } from './http-message.ts'
import { listCatalog, listTags } from './listing-handlers.ts'
import { deleteManifest, getManifest, listReferrers, putManifest } from './manifest-handlers.ts'
import { listRepositories, resolveTag } from './product-handlers.ts'
import { RegistryError } from './registry-error.ts'
import { applyRetention, previewRetention } from './retention/retention-handlers.ts'
import { parseRoute, type Route, type RouteType } from './routes.ts'
import type { Call, Handler, Services } from './services.ts'
import {
  appendToUpload,
  cancelUpload,
  finishUpload,
  startUpload,
  uploadStatus,
} from './upload-handlers.ts'

type Methods<Type extends RouteType> = Record<string, { action: Action; handle: Handler<Type> }>

const ok = () => jsonResponse({})

/** Every route but /healthz. HEAD is answered as GET, without the body. */
const routes: { [Type in Exclude<RouteType, 'health'>]: Methods<Type> } = {
  ping: { GET: { action: 'pull', handle: ok } },
  catalog: { GET: { action: 'pull', handle: listCatalog } },
  productRepositories: { GET: { action: 'pull', handle: listRepositories } },
  productResolve: { GET: { action: 'pull', handle: resolveTag } },
  // Which entries, is decided for the repository of each.
  trash: { GET: { action: 'pull', handle: listTrash } },
  trashEntry: {
    POST: { action: 'pull', handle: restoreTrash },
    DELETE: { action: 'pull', handle: purgeTrash },
  },
  retention: {
    GET: { action: 'administer', handle: previewRetention },
    POST: { action: 'administer', handle: applyRetention },
  },
  fsck: { POST: { action: 'administer', handle: runFsck } },
  collect: { POST: { action: 'administer', handle: collectNow } },
  tags: { GET: { action: 'pull', handle: listTags } },
  referrers: { GET: { action: 'pull', handle: listReferrers } },
  blob: {
    GET: { action: 'pull', handle: getBlob },
    DELETE: { action: 'delete', handle: deleteBlob },
  },
  uploads: { POST: { action: 'push', handle: startUpload } },
  upload: {
    GET: { action: 'push', handle: uploadStatus },
    PATCH: { action: 'push', handle: appendToUpload },
    PUT: { action: 'push', handle: finishUpload },
    // Clients that may only push end what they began.
    DELETE: { action: 'push', handle: cancelUpload },
  },
  manifest: {
    GET: { action: 'pull', handle: getManifest },
    PUT: { action: 'push', handle: putManifest },
    DELETE: { action: 'delete', handle: deleteManifest },
  },
}

export interface RouterOptions {
  services: Services
  authenticator: Authenticator
  /** Hosts as which clients know this registry, for `?ns=`. */
  ownHosts: ReadonlySet<string>
}

export type Answer = (request: RegistryRequest) => Promise<RegistryResponse>

export function router({ services, authenticator, ownHosts }: RouterOptions): Answer {
  return async (request) => {
    if (request.path === '/healthz') return jsonResponse({ status: 'ok' })
    if (request.path === TOKEN_PATH) return answerTokenRequest(request, authenticator)
    checkNamespace(request, ownHosts)
    const actor = await authenticator.actor(request)
    const route = routeFor(request, actor)
    const repository = 'repository' in route ? route.repository : undefined
    const { action, handle } = entryFor(route.type, request.method)
    // Who only asks whether it is let in need not be told what for.
    const scope = route.type === 'ping' ? undefined : neededScope(action, repository)
    const { createOnly } = authorised(request, actor, { action, repository, scope })
    const by = { name: actor.name, createOnly }
    return handle({ services, request, route, actor, by } as Call<RouteType>)
  }
}

/** Who has not said who it is learns nothing of what there is, not even which paths. */
function routeFor(request: RegistryRequest, actor: Actor): Exclude<Route, { type: 'health' }> {
  try {
    const route = parseRoute(request.path)
    if (route !== undefined && route.type !== 'health') return route
    throw new RegistryError('UNSUPPORTED', 'there is no such route', { status: 404 })
  } catch (error) {
    throw actor.isAnonymous ? unauthorized(request, NO_CREDENTIALS) : error
  }
}

const NO_CREDENTIALS = 'a user name and password are needed'

interface Wish {
  action: Action
  repository: string | undefined
  /** What a token for it has to be asked for with. */
  scope: Scope | undefined
}

/** The one decision for every route: refused is what nothing grants, whether it exists or not. */
function authorised(
  request: RegistryRequest,
  actor: Actor,
  { action, repository, scope }: Wish,
): Grant {
  const grant = actor.may(action, repository)
  if (grant !== undefined) return grant
  if (actor.couldWithToken(action, repository))
    throw unauthorized(request, 'the token is for something else', {
      scope,
      problem: 'insufficient_scope',
    })
  if (actor.isAnonymous) throw unauthorized(request, NO_CREDENTIALS, { scope })
  throw new RegistryError(
    'DENIED',
    `${actor.name} may not ${action} ${repository ?? 'the registry'}`,
  )
}

function entryFor(type: Exclude<RouteType, 'health'>, method: string) {
  const methods = routes[type] as Methods<RouteType>
  const name = method === 'HEAD' ? 'GET' : method
  if (Object.hasOwn(methods, name)) return methods[name]!
  throw new RegistryError('UNSUPPORTED', `${method} is not possible here`, {
    headers: { Allow: Object.keys(methods).join(', ') },
  })
}

/**
 * containerd asks a mirror for content of another registry with `?ns=<its host>`. The host is only
 * compared, never connected to; for an unknown one 404 makes the client go to the host itself. Before
 * the question who asks: a machine has credentials for us only, and "wrong user" would mislead.
 */
function checkNamespace({ query }: RegistryRequest, ownHosts: ReadonlySet<string>): void {
  const foreign = query.getAll('ns').find((host) => !ownHosts.has(host.toLowerCase()))
  if (foreign === undefined) return
  throw new RegistryError('NAME_UNKNOWN', `this registry does not mirror ${foreign}`, {
    detail: { ns: foreign },
  })
}
