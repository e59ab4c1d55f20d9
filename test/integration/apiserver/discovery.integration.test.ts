// What the conformance tests ask of discovery and of the version: the cases of AggregatedDiscovery, Discovery
// and "server version" in test/data/kubernetes-1.36/conformance.json.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { textOf } from '#apiserver/test-cluster.ts'
import { type HttpClient, httpClient, type Json } from './http-client.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const V2_BETA = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'
/** What client-go sends: the newest form it knows, older ones, and the plain form. */
const CLIENT_GO = `${V2},${V2_BETA},application/json`

/** One resource of each group and version that every cluster must have. */
const MUST_HAVE = [
  ['', 'v1', 'namespaces'],
  ['admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations'],
  ['apiextensions.k8s.io', 'v1', 'customresourcedefinitions'],
  ['apiregistration.k8s.io', 'v1', 'apiservices'],
  ['apps', 'v1', 'deployments'],
  ['authentication.k8s.io', 'v1', 'tokenreviews'],
  ['authorization.k8s.io', 'v1', 'selfsubjectaccessreviews'],
  ['autoscaling', 'v1', 'horizontalpodautoscalers'],
  ['autoscaling', 'v2', 'horizontalpodautoscalers'],
  ['batch', 'v1', 'jobs'],
  ['certificates.k8s.io', 'v1', 'certificatesigningrequests'],
  ['coordination.k8s.io', 'v1', 'leases'],
  ['discovery.k8s.io', 'v1', 'endpointslices'],
  ['events.k8s.io', 'v1', 'events'],
  ['networking.k8s.io', 'v1', 'ingresses'],
  ['node.k8s.io', 'v1', 'runtimeclasses'],
  ['policy', 'v1', 'poddisruptionbudgets'],
  ['scheduling.k8s.io', 'v1', 'priorityclasses'],
  ['storage.k8s.io', 'v1', 'csinodes'],
] as const

const GROUP = 'widgets.example.com'
const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `testcrds.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: {
      plural: 'testcrds',
      singular: 'testcrd',
      kind: 'testcrd',
      listKind: 'testcrdList',
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
}

let server: TestServer
let client: HttpClient

before(async () => {
  server = await startTestServer()
  client = httpClient(server)
})
after(async () => {
  client.close()
  await server.close()
})

const list = (json: Json | undefined): Json[] => (json ?? []) as unknown as Json[]

/** "group/version/resource" of all that an aggregated document tells of. */
function namesIn(document: Json): Set<string> {
  const names = list(document['items']).flatMap(({ metadata, versions }) =>
    list(versions).flatMap(({ version, resources }) =>
      list(resources).map(({ resource }) =>
        [metadata?.['name'] ?? '', version, resource].map(textOf).join('/'),
      ),
    ),
  )
  return new Set(names)
}

async function aggregated(accept: string): Promise<Set<string>> {
  const found = new Set<string>()
  for (const path of ['/api', '/apis']) {
    const { status, type, body } = await client.getAs(path, accept)
    assert.equal(status, 200)
    // client-go reads the form from the type, whatever the body says.
    assert.equal(type.replaceAll(' ', ''), V2)
    assert.equal(body['kind'], 'APIGroupDiscoveryList')
    assert.equal(body['apiVersion'], 'apidiscovery.k8s.io/v2')
    for (const name of namesIn(body)) found.add(name)
  }
  return found
}

for (const [who, accept] of [
  ['whoever accepts no other form', V2],
  ['client-go', CLIENT_GO],
] as const) {
  test(`aggregated discovery tells ${who} of every group, version and resource`, async () => {
    const found = await aggregated(accept)
    for (const wanted of MUST_HAVE) assert.ok(found.has(wanted.join('/')), wanted.join('/'))
  })

  test(`aggregated discovery tells ${who} of a custom resource once it is served`, async () => {
    const place = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    await client.ok('POST', place, WIDGETS)
    let found = false
    for (let n = 0; n < 50 && !found; n++) {
      if (n > 0) await sleep(100)
      found = (await aggregated(accept)).has(`${GROUP}/v1/testcrds`)
    }
    assert.ok(found)
    await client.ok('DELETE', `${place}/${WIDGETS.metadata.name}`)
    for (let n = 0; n < 50 && found; n++) {
      if (n > 0) await sleep(100)
      found = (await aggregated(accept)).has(`${GROUP}/v1/testcrds`)
    }
    assert.ok(!found)
  })
}

test('each group prefers one of its versions, where paths end in a slash too', async () => {
  const { body } = await client.getAs('/apis/', 'application/json, */*')
  assert.equal(body['kind'], 'APIGroupList')
  const groups = list(body['groups'])
  assert.ok(groups.length > 15)
  for (const { name } of groups) {
    const answer = await client.getAs(`/apis/${textOf(name)}/`, 'application/json, */*')
    assert.equal(answer.status, 200, textOf(name))
    assert.equal(answer.body['kind'], 'APIGroup')
    const versions = list(answer.body['versions']).map(({ groupVersion }) => groupVersion)
    const preferred = answer.body['preferredVersion']?.['groupVersion']
    assert.ok(preferred !== undefined && versions.includes(preferred), textOf(name))
  }
})

test('each group and version lists a resource under its own name', async () => {
  for (const [group, version, resource] of MUST_HAVE) {
    const groupVersion = group === '' ? version : `${group}/${version}`
    const path = group === '' ? `/api/${version}` : `/apis/${groupVersion}`
    const { status, body } = await client.getAs(path, 'application/json, */*')
    assert.equal(status, 200, path)
    assert.equal(body['kind'], 'APIResourceList')
    assert.equal(body['groupVersion'], groupVersion)
    assert.ok(
      list(body['resources']).some(({ name }) => textOf(name) === resource),
      path,
    )
  }
})

test('the version has a major and a minor part that are numbers', async () => {
  const version = await client.ok('GET', '/version')
  assert.match(textOf(version['major']), /^\d+$/)
  assert.match(textOf(version['minor']), /^\d+$/)
})
