// A logical cluster over a memory store for unit tests, and short ways to ask it.
import type { ApiRequest, PatchType, UserInfo } from '#base/api-call.ts'
import type { FakeClock } from '#base/fake-clock.ts'
import { fakeClock, settle } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createTokenIssuer, newTokenKeyPem } from '#identity/token-issuer.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import type { Store } from '#storage/types.ts'
import type { LogicalCluster, LogicalClusterOptions } from './logical-cluster.ts'
import { createLogicalCluster } from './logical-cluster.ts'

export const ADMIN: UserInfo = {
  username: 'admin',
  groups: ['system:masters', 'system:authenticated'],
}

/** A body whose fields a test reaches into without ceremony. */
export interface Json {
  [key: string]: Json
}

/** What stands there as a list; an empty one where there is none. */
export const listOf = (json: Json | undefined): Json[] =>
  Array.isArray(json) ? (json as Json[]) : []

/** What stands there as text: "undefined" where there is nothing. */
export const textOf = (json: unknown): string =>
  typeof json === 'string' ? json : JSON.stringify(json)

export interface Answer {
  status: number
  body: Json
  warnings: readonly string[]
}

export interface TestApi {
  send(method: ApiRequest['method'], path: string, body?: unknown): Promise<Answer>
  get(path: string): Promise<Json>
  create(path: string, body: unknown): Promise<Json>
  update(path: string, body: unknown): Promise<Json>
  patch(path: string, body: unknown, type?: PatchType): Promise<Json>
  delete(path: string, options?: unknown): Promise<Json>
  watch(path: string, signal: AbortSignal): Promise<AsyncIterator<Json>>
}

export interface TestCluster {
  cluster: LogicalCluster
  clock: FakeClock
  store: Store
  api: TestApi
  as: (user: UserInfo) => TestApi
}

export async function testCluster(
  options: Partial<LogicalClusterOptions> = {},
): Promise<TestCluster> {
  const clock = fakeClock()
  const random = seededRandom(1)
  const store = options.store ?? openMemoryStore()
  const cluster = await createLogicalCluster({
    name: 'test',
    kinds: builtinKinds,
    clock,
    random,
    log: silentLogger,
    tokenIssuer: await testTokens(clock),
    serviceCIDR: '10.96.0.0/16',
    version: '0.0.0',
    ...options,
    store,
  })
  const as = (user: UserInfo) => testApi(cluster, user)
  return { cluster, clock, store, api: as(ADMIN), as }
}

const keyPem = newTokenKeyPem()

export const testTokens = (clock: FakeClock) =>
  createTokenIssuer({ keyPem, issuer: 'https://test', clock, random: seededRandom(2) })

function testApi(cluster: LogicalCluster, user: UserInfo): TestApi {
  const call = cluster.call(user)
  const ask = async (request: Omit<ApiRequest, 'path' | 'query'>, url: string) => {
    const [path = '', query] = url.split('?')
    return call({ ...request, path, query: new URLSearchParams(query) })
  }
  const objectOf = async (
    request: Omit<ApiRequest, 'path' | 'query'>,
    url: string,
  ): Promise<Answer> => {
    const answer = await ask(request, url)
    if (answer.type !== 'object') throw new TypeError(`${url} answered with ${answer.type}`)
    const { status, body, warnings = [] } = answer
    return { status, body: body as Json, warnings }
  }
  const send: TestApi['send'] = (method, path, body) => objectOf({ method, body }, path)
  const bodyOf = async (method: ApiRequest['method'], path: string, body?: unknown) =>
    (await send(method, path, body)).body
  return {
    send,
    get: (path) => bodyOf('GET', path),
    async create(path, body) {
      const made = await bodyOf('POST', path, body)
      // A definition is served once the server has accepted its names.
      if (path.endsWith('/customresourcedefinitions')) await settle()
      return made
    },
    update: (path, body) => bodyOf('PUT', path, body),
    delete: (path, options) => bodyOf('DELETE', path, options),
    async patch(path, body, patchType = 'application/merge-patch+json') {
      return (await objectOf({ method: 'PATCH', body, patchType }, path)).body
    },
    async watch(path, signal) {
      const answer = await ask({ method: 'GET', signal }, path)
      if (answer.type !== 'watch') throw new TypeError(`${path} answered with ${answer.type}`)
      return (answer.events as AsyncIterable<Json>)[Symbol.asyncIterator]()
    },
  }
}

export const configMap = (name: string, more: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...more,
})

export const serviceAccount = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name },
})

export const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec },
})

export const deployment = (name: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'busybox' }] },
    },
    ...spec,
  },
})

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
export const PODS = '/api/v1/namespaces/default/pods'
export const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
