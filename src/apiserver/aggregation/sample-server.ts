// A server to aggregate, for tests: one kind, kept in memory, and a note of who asked.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { systemClock } from '#base/clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueServerCertificate } from '#identity/leaf-certificate.ts'
import { type Json, textOf } from '../test-cluster.ts'

// TLS knows no other time than the real one.
const clock = systemClock
const authority = await createAuthority({ commonName: 'sample CA', clock })

export const SAMPLE_TLS = await issueServerCertificate({
  authority,
  names: ['sample-api.wardle.svc'],
  addresses: [],
  clock,
})

const GROUP = 'wardle.example.com'
const VERSION = 'v1alpha1'
export const SAMPLE_ROOT = `/apis/${GROUP}/${VERSION}`
const API_VERSION = `${GROUP}/${VERSION}`

export const sampleApiService = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: `${VERSION}.${GROUP}` },
  spec: {
    group: GROUP,
    version: VERSION,
    groupPriorityMinimum: 2_000,
    versionPriority: 200,
    service: { namespace: 'wardle', name: 'sample-api', port: 7443 },
    caBundle: Buffer.from(authority.certificatePem).toString('base64'),
  },
}

/** The namespace and the Service that lead to `address`:`port`. */
export const samplePlace = (address: string, port: number) => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'wardle' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'sample-api', namespace: 'wardle' },
    spec: { ports: [{ port: 7443, targetPort: port }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'sample-api-1',
      namespace: 'wardle',
      labels: { 'kubernetes.io/service-name': 'sample-api' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address] }],
    ports: [{ name: '', port }],
  },
]

const RESOURCES = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: API_VERSION,
  resources: [
    {
      name: 'flunders',
      singularName: 'flunder',
      namespaced: true,
      kind: 'Flunder',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'watch'],
      shortNames: ['fl'],
    },
    {
      name: 'flunders/status',
      singularName: '',
      namespaced: true,
      kind: 'Flunder',
      verbs: ['get'],
    },
  ],
}

const SCHEMA = 'com.example.wardle.v1alpha1.Flunder'
const OPENAPI = {
  openapi: '3.0.0',
  info: { title: 'sample', version: '1' },
  paths: {
    [`${SAMPLE_ROOT}/namespaces/{namespace}/flunders`]: {
      get: {
        responses: { '200': { description: 'OK' } },
        'x-kubernetes-action': 'list',
        'x-kubernetes-group-version-kind': { group: GROUP, version: VERSION, kind: 'Flunder' },
      },
    },
  },
  components: {
    schemas: {
      [SCHEMA]: {
        type: 'object',
        description: 'A flunder.',
        properties: {
          apiVersion: { type: 'string' },
          kind: { type: 'string' },
          metadata: { type: 'object' },
          color: { type: 'string', description: 'What it looks like.' },
        },
        'x-kubernetes-group-version-kind': [{ group: GROUP, version: VERSION, kind: 'Flunder' }],
      },
    },
  },
}

export interface Asked {
  method: string
  path: string
  headers: IncomingMessage['headers']
}

export class SampleServer {
  /** Every request but those of the aggregator itself. */
  readonly asked: Asked[] = []
  /** Answers everything with this status from now on. */
  failWith: number | undefined
  readonly #objects = new Map<string, Json>()
  readonly #watchers = new Set<ServerResponse>()
  #revision = 1

  readonly handle: RequestListener = (request, response) => {
    void this.#answer(request, response)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request
    const [path = '', query = ''] = url.split('?')
    if (headers['user-agent'] !== 'kube-aggregator') this.asked.push({ method, path, headers })
    const body = await text(request)
    if (this.failWith !== undefined) return reply(response, this.failWith, {})
    if (path === SAMPLE_ROOT) return reply(response, 200, RESOURCES)
    if (path === '/openapi/v3') {
      const at = `/openapi/v3${SAMPLE_ROOT}`
      const paths = { [SAMPLE_ROOT.slice(1)]: { serverRelativeURL: `${at}?hash=AB12` } }
      return reply(response, 200, { paths })
    }
    if (path === `/openapi/v3${SAMPLE_ROOT}`) return reply(response, 200, OPENAPI)
    return this.#flunders(response, { method, path, query: new URLSearchParams(query), body })
  }

  #flunders(
    response: ServerResponse,
    {
      method,
      path,
      query,
      body,
    }: { method: string; path: string; query: URLSearchParams; body: string },
  ): void {
    const match = new RegExp(`^${SAMPLE_ROOT}(?:/namespaces/([^/]+))?/flunders(?:/([^/]+))?$`).exec(
      path,
    )
    if (match === null) return reply(response, 404, status(404, 'NotFound', 'no such path'))
    const [, namespace = '', name] = match
    const within = [...this.#objects].filter(([key]) =>
      key.startsWith(namespace && `${namespace}/`),
    )
    if (name === undefined && method === 'POST') {
      const given = JSON.parse(body) as Json
      const metadata = {
        ...given['metadata'],
        namespace,
        uid: `uid-${++this.#revision}`,
        resourceVersion: String(this.#revision),
        creationTimestamp: '2026-01-01T00:00:00Z',
      } as unknown as Json
      const made = { ...given, metadata }
      this.#objects.set(`${namespace}/${textOf(given['metadata']?.['name'])}`, made)
      for (const watcher of this.#watchers) watcher.write(event('ADDED', made))
      return reply(response, 201, made)
    }
    if (name === undefined && query.get('watch') !== null) {
      response.writeHead(200, { 'content-type': 'application/json' })
      for (const [, object] of within) response.write(event('ADDED', object))
      response.flushHeaders()
      this.#watchers.add(response)
      response.once('close', () => this.#watchers.delete(response))
      return
    }
    if (name === undefined && method === 'DELETE') {
      for (const [key] of within) this.#objects.delete(key)
      return reply(response, 200, { kind: 'Status', apiVersion: 'v1', status: 'Success' })
    }
    if (name === undefined)
      return reply(response, 200, {
        kind: 'FlunderList',
        apiVersion: API_VERSION,
        metadata: { resourceVersion: String(this.#revision) },
        items: within.map(([, object]) => object),
      })
    const key = `${namespace}/${name}`
    const found = this.#objects.get(key)
    if (found === undefined)
      return reply(response, 404, status(404, 'NotFound', `flunders "${name}" not found`))
    if (method === 'DELETE') this.#objects.delete(key)
    reply(response, 200, found)
  }
}

const event = (type: string, object: Json) => `${JSON.stringify({ type, object })}\n`

const status = (code: number, reason: string, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  code,
})

function reply(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
