// From a request to its answer: who asks, what for, may they, and only then the handler. There is
// no other way to a handler, and what the table does not grant is refused.
import { authorise, type Action, type Actor } from './authorise.ts'
import { deleteBlob, getBlob } from './blob-handlers.ts'
import { type Authenticate, parseBasicAuthorization } from './credentials.ts'
import { jsonResponse, type RegistryRequest, type RegistryResponse } from './http-message.ts'
import { listCatalog, listTags } from './listing-handlers.ts'
import { deleteManifest, getManifest, listReferrers, putManifest } from './manifest-handlers.ts'
import { listRepositories, resolveTag } from './product-handlers.ts'
import { RegistryError } from './registry-error.ts'
import { parseRoute, type RouteType } from './routes.ts'
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
  services: Omit<Services, 'authorise'>
  authenticate: Authenticate
  /** Hosts as which clients know this registry, for `?ns=`. */
  ownHosts: ReadonlySet<string>
}

export type Answer = (request: RegistryRequest) => Promise<RegistryResponse>

export function router(options: RouterOptions): Answer {
  const services: Services = { ...options.services, authorise }
  return async (request) => {
    if (request.path === '/healthz') return jsonResponse({ status: 'ok' })
    checkNamespace(request, options.ownHosts)
    const actor = authenticated(request, options.authenticate)
    const route = parseRoute(request.path)
    if (route === undefined || route.type === 'health')
      throw new RegistryError('UNSUPPORTED', 'there is no such route', { status: 404 })
    const repository = 'repository' in route ? route.repository : undefined
    const { action, handle } = entryFor(route.type, request.method)
    if (!services.authorise(actor, action, repository))
      throw new RegistryError(
        'DENIED',
        `${actor.name} may not ${action} ${repository ?? ''}`.trim(),
      )
    return handle({ services, request, route, actor } as Call<RouteType>)
  }
}

function authenticated({ headers }: RegistryRequest, authenticate: Authenticate): Actor {
  const credentials = parseBasicAuthorization(headers['authorization'])
  const actor = credentials && authenticate(credentials.username, credentials.password)
  if (actor !== undefined) return actor
  throw new RegistryError(
    'UNAUTHORIZED',
    credentials === undefined ? 'a user name and token are needed' : 'wrong user name or token',
    { headers: { 'WWW-Authenticate': 'Basic realm="ccs", charset="UTF-8"' } },
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
