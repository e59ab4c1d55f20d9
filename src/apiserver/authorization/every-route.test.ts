// Walks every route there is and holds that none answers without a decision. Resources and subresources
// come from discovery, so that a new kind is walked from the day it is served; what else is served comes
// from `/` and from the list below. A route that goes around the authorizer altogether is caught by
// assertDecided, whichever path it has.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiRequest, UserInfo } from '#base/api-call.ts'
import { isReason } from '#base/errors.ts'
import { inProcessCall } from '../in-process-call.ts'
import { listOf, testCluster, type TestCluster, textOf } from '../test-cluster.ts'

const bare: UserInfo = { username: 'bare', groups: [] }
const jane: UserInfo = { username: 'jane', groups: ['system:authenticated'] }
const nobody: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Paths that no list names, those that are not served included: also they are refused first. */
const OTHER_PATHS = [
  '/',
  '/metrics',
  '/metrics/slis',
  '/logs',
  '/logs/',
  '/debug/pprof/',
  '/debug/api_priority_and_fairness/dump_priority_levels',
  '/flagz',
  '/statusz',
  '/configz',
  '/.well-known/openid-configuration',
  '/openid/v1/jwks',
  '/openapi/v3/api/v1',
  '/openapi/v3/apis/apps/v1',
  '/healthz/ping',
  '/livez/ping',
  '/readyz/ping',
  '/no/such/path',
  '/apis/no.such.group/v1',
]

const PUBLIC = ['/healthz', '/livez', '/readyz', '/version']
const OF_EVERYONE = [...PUBLIC, '/api', '/apis', '/openapi']

interface Route {
  method: ApiRequest['method']
  path: string
  query?: string
  /** What Kubernetes says of a user who may not. */
  refusal: (username: string) => string
}

const forbiddenPath = (method: ApiRequest['method'], path: string): Route => ({
  method,
  path,
  refusal: (username) =>
    `forbidden: User "${username}" cannot ${method.toLowerCase()} path "${path}"`,
})

interface Verb {
  method: ApiRequest['method']
  verb: string
  query?: string
}

const OF_COLLECTION: readonly Verb[] = [
  { method: 'GET', verb: 'list' },
  { method: 'GET', verb: 'watch', query: 'watch=true' },
  { method: 'POST', verb: 'create' },
  { method: 'DELETE', verb: 'deletecollection' },
]
const OF_ONE: readonly Verb[] = [
  { method: 'GET', verb: 'get' },
  { method: 'PUT', verb: 'update' },
  { method: 'PATCH', verb: 'patch' },
  { method: 'DELETE', verb: 'delete' },
  { method: 'POST', verb: 'create' },
]

interface Place {
  root: string
  group: string
  resource: string
  namespaced: boolean
  subresource?: string
}

function* routesOf({ root, group, resource, namespaced, subresource }: Place): Generator<Route> {
  const qualified = group === '' ? resource : `${resource}.${group}`
  const full = subresource === undefined ? resource : `${resource}/${subresource}`
  const isNamespaces = group === '' && resource === 'namespaces'
  const routes = function* (verbs: readonly Verb[], base: string, name: string, where: string) {
    const subject = name === '' ? '' : ` "${name}"`
    const path = `${base}/${resource}${name === '' ? '' : `/${name}`}${subresource === undefined ? '' : `/${subresource}`}`
    for (const { method, verb, query } of verbs)
      yield {
        method,
        path,
        ...(query === undefined ? {} : { query }),
        refusal: (username: string) =>
          `${qualified}${subject} is forbidden: User "${username}" cannot ${verb} resource "${full}" in API group "${group}" ${where}`,
      }
  }
  const inCluster = 'at the cluster scope'
  const ofOne = isNamespaces ? 'in the namespace "x"' : inCluster
  if (subresource === undefined) yield* routes(OF_COLLECTION, root, '', inCluster)
  if (!namespaced) return yield* routes(OF_ONE, root, 'x', ofOne)
  const inNamespace = 'in the namespace "default"'
  const base = `${root}/namespaces/default`
  if (subresource === undefined) yield* routes(OF_COLLECTION, base, '', inNamespace)
  yield* routes(OF_ONE, base, 'x', inNamespace)
}

/** Every route of the cluster, as its administrator finds them. */
async function routesThereAre({ api }: TestCluster): Promise<Route[]> {
  const routes: Route[] = []
  const paths = listOf((await api.get('/'))['paths']).map(textOf)
  const roots = paths.filter((path) => /^\/(api\/[^/]+|apis\/[^/]+\/[^/]+)$/.test(path))
  for (const root of roots) {
    const group = root.startsWith('/apis/') ? root.split('/')[2]! : ''
    for (const entry of listOf((await api.get(root))['resources'])) {
      const [resource = '', ...deeper] = textOf(entry['name']).split('/')
      const namespaced = Boolean(entry['namespaced'])
      const subresource = deeper.length === 0 ? {} : { subresource: deeper.join('/') }
      routes.push(...routesOf({ root, group, resource, namespaced, ...subresource }))
    }
  }
  for (const path of new Set([...paths, ...OTHER_PATHS]))
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)
      routes.push(forbiddenPath(method, path))
  return routes
}

/** Allowed, but there is nothing to be had. */
const NO_METHOD = 'there is no such method'

async function refusalOf({ cluster }: TestCluster, user: UserInfo, route: Route): Promise<string> {
  const { method, path } = route
  const query = new URLSearchParams(route.query)
  try {
    const patch = method === 'PATCH' ? { patchType: 'application/merge-patch+json' as const } : {}
    await cluster.call(user)({ method, path, query, body: {}, ...patch })
  } catch (error) {
    if (isReason(error, 'Forbidden')) return error.message
    if (isReason(error, 'MethodNotAllowed')) return NO_METHOD
    return `answered before it was refused: ${String(error)}`
  }
  return 'answered'
}

async function definedKind({ api }: TestCluster): Promise<void> {
  await api.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'boats.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'boats', kind: 'Boat' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object' } },
          subresources: { status: {} },
        },
      ],
    },
  })
}

const isBelow = (paths: readonly string[], { method, path }: Route): boolean =>
  method === 'GET' && paths.some((one) => path === one || path.startsWith(`${one}/`))

test('no route answers a user without rights, and each refuses in the words of Kubernetes', async () => {
  const made = await testCluster()
  await definedKind(made)
  const routes = await routesThereAre(made)
  const walked = new Set(routes.map(({ path }) => path))
  for (const path of [
    '/apis/example.com/v1/namespaces/default/boats/x/status',
    '/api/v1/namespaces/default/pods/x/exec',
    '/version',
    '/metrics',
  ])
    assert.ok(walked.has(path), `${path} was not walked`)
  const wrong: string[] = []
  for (const route of routes) {
    const got = await refusalOf(made, bare, route)
    if (got !== route.refusal('bare')) wrong.push(`${route.method} ${route.path}: ${got}`)
  }
  assert.deepEqual(wrong, [])
  await made.cluster.close()
})

test('nobody sees health and version, and nothing else', async () => {
  const made = await testCluster()
  await definedKind(made)
  const open: string[] = []
  for (const route of await routesThereAre(made)) {
    const got = await refusalOf(made, nobody, route)
    if (got !== route.refusal('system:anonymous')) open.push(`${route.method} ${route.path}`)
  }
  const checks = ['/healthz/ping', '/livez/ping', '/readyz/ping']
  assert.deepEqual(
    open.filter((one) => !checks.some((check) => one === `GET ${check}`)).toSorted(),
    PUBLIC.map((path) => `GET ${path}`),
  )
  await made.cluster.close()
})

test('whoever is known sees what is served and may ask about himself, and nothing else', async () => {
  const made = await testCluster()
  await definedKind(made)
  const open: string[] = []
  for (const route of await routesThereAre(made)) {
    const got = await refusalOf(made, jane, route)
    if (got !== route.refusal('jane') && got !== NO_METHOD && !isBelow(OF_EVERYONE, route))
      open.push(`${route.method} ${route.path}`)
  }
  assert.deepEqual(open.toSorted(), [
    'POST /apis/authentication.k8s.io/v1/selfsubjectreviews',
    'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    'POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
  ])
  await made.cluster.close()
})

test('an answer that nobody decided about never leaves', async () => {
  const aroundTheAuthorizer = inProcessCall(
    () => Promise.resolve({ type: 'object', status: 200, object: { secret: true } }),
    jane,
    { closing: new AbortController().signal, watchQueueEventsMax: 1, userAgent: 'test' },
  )
  const asked = aroundTheAuthorizer({ method: 'GET', path: '/new', query: new URLSearchParams() })
  await assert.rejects(asked, /without a decision/)
})
