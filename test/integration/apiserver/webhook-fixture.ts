// A test server and a webhook server that know each other, with what the tests of both register and write.
import { after, afterEach, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLogger } from '#base/log.ts'
import type { LogicalClusterOptions } from '#apiserver/logical-cluster.ts'
import { httpClient, type HttpClient, type Json } from './http-client.ts'
import { startTestServer, type TestServer } from './test-server.ts'
import {
  createHookService,
  HOOK_SERVICE,
  hookDial,
  startWebhookServer,
  type WebhookServer,
} from './webhook-server.ts'

const REGISTRATION = '/apis/admissionregistration.k8s.io/v1'
export const VALIDATING = `${REGISTRATION}/validatingwebhookconfigurations`
export const MUTATING = `${REGISTRATION}/mutatingwebhookconfigurations`
export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

export interface Fixture {
  server: TestServer
  hooks: WebhookServer
  client: HttpClient
  /** A webhook that is reached by its Service, about configmaps that are created in marked namespaces. */
  hook: (path: string, more?: object) => object
  /** A namespace that webhooks are asked about, with the account that its pods need. */
  namespace: (name: string, labels?: object) => Promise<string>
  register: (plural: string, name: string, webhooks: object[], labels?: object) => Promise<Json>
  define: (definition: object & { metadata: { name: string } }) => Promise<void>
}

/** Starts both before the tests of a file and ends them after; what was registered goes after each test. */
export function useFixture(options: Partial<LogicalClusterOptions> = {}): Fixture {
  const fixture = {} as Fixture
  before(async () => {
    const server = await startTestServer(0, {
      dial: hookDial,
      log: silentLogger,
      ...options,
    })
    const hooks = await startWebhookServer()
    const client = httpClient(server)
    await createHookService(client, hooks.port)
    Object.assign(fixture, { server, hooks, client, ...actionsOf(client, hooks) })
  })
  afterEach(async () => {
    for (const path of [VALIDATING, MUTATING]) await fixture.client.ok('DELETE', path)
    fixture.hooks.asked.length = 0
  })
  after(async () => {
    fixture.client.close()
    await fixture.server.close()
    fixture.hooks.close()
  })
  return fixture
}

export const rule = (resources: string[], more: object = {}) => ({
  operations: ['CREATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources,
  ...more,
})

const actionsOf = (
  client: HttpClient,
  hooks: WebhookServer,
): Pick<Fixture, 'hook' | 'namespace' | 'register' | 'define'> => ({
  hook: (path, more = {}) => ({
    name: `${path.replaceAll(/[^a-z]+/g, '-').replace(/^-/, '')}.k8s.io`,
    clientConfig: { service: { ...HOOK_SERVICE, path }, caBundle: hooks.caBundle },
    rules: [rule(['configmaps'])],
    sideEffects: 'None',
    admissionReviewVersions: ['v1', 'v1beta1'],
    namespaceSelector: { matchLabels: { 'asks-webhooks': 'true' } },
    ...more,
  }),
  async namespace(name, labels = { 'asks-webhooks': 'true' }) {
    await client.ok('POST', '/api/v1/namespaces', { metadata: { name, labels } })
    const path = `/api/v1/namespaces/${name}`
    await client.ok('POST', `${path}/serviceaccounts`, { metadata: { name: 'default' } })
    return path
  },
  register: (plural, name, webhooks, labels = {}) =>
    client.ok('POST', plural, { metadata: { name, labels }, webhooks }),
  async define(definition) {
    await client.ok('POST', CRDS, definition)
    await untilEstablished(client, definition.metadata.name)
  },
})

async function untilEstablished(client: HttpClient, name: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const text = JSON.stringify((await client.ok('GET', `${CRDS}/${name}`))['status'])
    if (text.includes('InitialNamesAccepted')) return
    await sleep(10)
  }
  throw new Error(`${name} was never established`)
}

export const configMap = (name: string, data: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  data,
})

export const pod = (name: string, image = 'busybox') => ({
  metadata: { name },
  spec: { containers: [{ name: image, image }] },
})
