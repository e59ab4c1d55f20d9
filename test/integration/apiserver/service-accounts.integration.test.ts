// What the conformance tests ask of service accounts where no container runs: the cases of sig-auth in
// test/data/kubernetes-1.36/conformance.json that name this file.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { textOf } from '#apiserver/test-cluster.ts'
import { type HttpClient, httpClient, type Json } from './http-client.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const ACCOUNTS = '/api/v1/namespaces/accounts/serviceaccounts'
const PODS = '/api/v1/namespaces/accounts/pods'
const TOKEN_PLACE = '/var/run/secrets/kubernetes.io/serviceaccount'
const STRATEGIC = 'application/strategic-merge-patch+json'

let server: TestServer
let client: HttpClient

before(async () => {
  server = await startTestServer()
  client = httpClient(server)
  await client.ok('POST', '/api/v1/namespaces', { metadata: { name: 'accounts' } })
  await client.ok('POST', ACCOUNTS, { metadata: { name: 'default' } })
})
after(async () => {
  client.close()
  await server.close()
})

const list = (json: Json | undefined): Json[] => (json ?? []) as unknown as Json[]

test('a service account is watched from its creation through a patch to its deletion', async () => {
  const labels = { 'test-serviceaccount-static': 'true' }
  const selector = 'labelSelector=test-serviceaccount-static%3Dtrue'
  const name = 'testserviceaccount'
  const { metadata: listed } = await client.ok('GET', ACCOUNTS)
  const created = await client.ok('POST', ACCOUNTS, { metadata: { name, labels } })
  const read = await client.ok('GET', `${ACCOUNTS}/${name}`)
  assert.equal(read['metadata']?.['uid'], created['metadata']?.['uid'])
  const since = `timeoutSeconds=20&resourceVersion=${textOf(listed?.['resourceVersion'])}`
  const watched = client.watch(`${ACCOUNTS}?watch=true&${since}&${selector}`, 3)
  // client-go writes all fields that have no omitempty, so a patch holds a null.
  const patch = { metadata: { creationTimestamp: null }, automountServiceAccountToken: false }
  const patched = await client.send('PATCH', `${ACCOUNTS}/${name}`, patch, STRATEGIC)
  assert.equal(patched.status, 200)
  const everywhere = await client.ok('GET', `/api/v1/serviceaccounts?${selector}`)
  assert.deepEqual(
    list(everywhere['items']).map(({ metadata, automountServiceAccountToken }) => [
      metadata?.['namespace'],
      metadata?.['name'],
      automountServiceAccountToken,
    ]),
    [['accounts', name, false]],
  )
  await client.ok('DELETE', `${ACCOUNTS}?${selector}`)
  assert.deepEqual(
    (await watched).map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  )
})

test('an update of a service account changes whether its token is mounted', async () => {
  const made = await client.ok('POST', ACCOUNTS, {
    metadata: { name: 'updated' },
    automountServiceAccountToken: false,
  })
  assert.equal(made['automountServiceAccountToken'], false)
  const next = { ...made, automountServiceAccountToken: true }
  const updated = await client.ok('PUT', `${ACCOUNTS}/updated`, next)
  assert.equal(updated['automountServiceAccountToken'], true)
})

test('a token that was asked for without any wish is authentic to a review', async () => {
  await client.ok('POST', ACCOUNTS, { metadata: { name: 'reviewed' } })
  const asked = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: { audiences: null, expirationSeconds: null, boundObjectRef: null },
    status: { token: '', expirationTimestamp: null },
  }
  const answer = await client.ok('POST', `${ACCOUNTS}/reviewed/token`, asked)
  const token = textOf(answer['status']?.['token'])
  assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/)
  const review = await client.ok('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: { token },
    status: { user: {} },
  })
  assert.equal(review['status']?.['authenticated'], true)
  assert.equal(review['status']?.['error'], undefined)
  assert.equal(review['status']?.['user']?.['username'], 'system:serviceaccount:accounts:reviewed')
})

test('the token is mounted unless the pod, or else its service account, says otherwise', async () => {
  await client.ok('POST', ACCOUNTS, {
    metadata: { name: 'mount' },
    automountServiceAccountToken: true,
  })
  await client.ok('POST', ACCOUNTS, {
    metadata: { name: 'nomount' },
    automountServiceAccountToken: false,
  })
  const cases = [
    { account: 'default', pod: undefined, mounted: true },
    { account: 'mount', pod: undefined, mounted: true },
    { account: 'nomount', pod: undefined, mounted: false },
    { account: 'default', pod: true, mounted: true },
    { account: 'mount', pod: true, mounted: true },
    { account: 'nomount', pod: true, mounted: true },
    { account: 'default', pod: false, mounted: false },
    { account: 'mount', pod: false, mounted: false },
    { account: 'nomount', pod: false, mounted: false },
  ]
  for (const { account, pod, mounted } of cases) {
    const name = `${account}-${String(pod)}`
    const created = await client.ok('POST', PODS, {
      metadata: { name },
      spec: {
        containers: [{ name: 'token-test', image: 'agnhost' }],
        restartPolicy: 'Never',
        serviceAccountName: account,
        ...(pod === undefined ? {} : { automountServiceAccountToken: pod }),
      },
    })
    const places = list(created['spec']?.['containers']).flatMap(({ volumeMounts }) =>
      list(volumeMounts).map(({ mountPath }) => textOf(mountPath)),
    )
    assert.equal(places.includes(TOKEN_PLACE), mounted, name)
  }
})
