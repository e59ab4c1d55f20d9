// Paths outside resources: health, version, discovery, OpenAPI.
import { methodNotAllowed, PathNotFoundError } from './api-errors.ts'
import type { Call, ClusterContext, Outcome } from './context.ts'
import { createDiscovery } from './discovery/discovery.ts'
import { serverAddressOf } from './discovery/server-address.ts'
import { isDump } from './fairness/dump.ts'
import type { Fairness } from './fairness/fairness.ts'
import { health } from './health.ts'
import { createOpenApi } from './openapi/openapi.ts'
import type { PathRequest } from './request-info.ts'
import { versionDocument } from './version-document.ts'

/** The keys of service account tokens, for whoever is shown one (OpenID Connect Discovery). */
const KEY_SET = '/openid/v1/jwks'

export type PathHandler = (call: Call, info: PathRequest) => Outcome | Promise<Outcome>

export function createPathHandler(
  context: ClusterContext,
  options: { version: string; fairness: Fairness },
): PathHandler {
  const discovery = createDiscovery(context.resources, context.remote, () =>
    serverAddressOf(context.objects),
  )
  const openApi = createOpenApi(context, options.version)
  return (call, { path, verb }) => {
    if (verb !== 'get' && verb !== 'head') throw methodNotAllowed()
    const parts = path.split('/').filter((part) => part !== '')
    const [first] = parts
    switch (first) {
      case 'healthz':
      case 'livez':
      case 'readyz':
        return health(parts, call.request.query)
      case 'version':
        if (parts.length === 1) return json(versionDocument(options.version))
        break
      case 'api':
      case 'apis':
        return discovery(parts, call.request.accept ?? '')
      case 'openapi':
        return openApi(parts, call.request.accept ?? '')
      case '.well-known':
        if (path === '/.well-known/openid-configuration')
          return json(context.tokens.discovery(`${context.tokens.issuer}${KEY_SET}`))
        break
      case 'openid':
        if (path === KEY_SET)
          return { ...json(context.tokens.keySet()), contentType: 'application/jwk-set+json' }
        break
      case 'debug':
        if (parts.length === 3 && parts[1] === 'api_priority_and_fairness' && isDump(parts[2]!))
          return plain(options.fairness.dump(parts[2]))
        break
      case undefined:
        return json({ paths: rootPaths(context) })
    }
    throw new PathNotFoundError()
  }
}

const json = (value: unknown): Outcome & { type: 'document' } => ({
  type: 'document',
  status: 200,
  contentType: 'application/json',
  text: JSON.stringify(value),
})

const plain = (text: string): Outcome => ({
  type: 'document',
  status: 200,
  contentType: 'text/plain; charset=utf-8',
  text,
})

function rootPaths({ resources }: ClusterContext): string[] {
  const versions = [...resources.all(), ...resources.reviews()].flatMap(({ group, version }) =>
    group === ''
      ? ['/api', `/api/${version}`]
      : ['/apis', `/apis/${group}`, `/apis/${group}/${version}`],
  )
  const fixed = [
    '/.well-known/openid-configuration',
    '/healthz',
    '/livez',
    '/openapi/v2',
    '/openapi/v3',
    KEY_SET,
    '/readyz',
    '/version',
  ]
  return [...new Set([...versions, ...fixed])].toSorted()
}
