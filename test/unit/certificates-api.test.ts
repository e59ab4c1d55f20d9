// The conformance test "Certificates API should support CSR API operations", case by case.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { type Json, listOf, testCluster, textOf } from '#apiserver/test-cluster.ts'
import { createAuthority } from '#identity/authority.ts'
import { certificateSigner } from '#identity/sign-request.ts'
import { testRequest } from '#identity/test-request.ts'

const GROUP = '/apis/certificates.k8s.io'
const REQUESTS = `${GROUP}/v1/certificatesigningrequests`
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const LABELLED = `${REQUESTS}?labelSelector=test%3Dcsr`

const { pem, base64 } = testRequest({ commonName: 'e2e-csr-reader' })

const template = (name: string) => ({
  metadata: { name, labels: { test: 'csr' } },
  spec: { request: base64, signerName: 'example.com/e2e-signer', usages: ['client auth'] },
})

async function certificate(): Promise<string> {
  const clock = fakeClock()
  const authority = await createAuthority({ commonName: 'e2e', clock })
  const signer = certificateSigner({ authority: () => Promise.resolve(authority), clock })
  const signed = await signer.sign(pem, { usages: ['client auth'], lifetimeMs: 3_600_000 })
  return Buffer.from(signed).toString('base64')
}

const annotations = ({ metadata }: Json) => metadata?.['annotations']
const types = ({ status }: Json) => listOf(status?.['conditions']).map(({ type }) => textOf(type))
const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'by a test' })

test('the Certificates API is in the discovery documents', async () => {
  const { api } = await testCluster()
  const groups = listOf((await api.get('/apis'))['groups'])
  assert.ok(groups.some(({ name }) => textOf(name) === 'certificates.k8s.io'))
  const versions = listOf((await api.get(GROUP))['versions'])
  assert.ok(versions.some(({ version }) => textOf(version) === 'v1'))
  const resources = listOf((await api.get(`${GROUP}/v1`))['resources'])
  const verbsOf = (wanted: string) =>
    listOf(resources.find(({ name }) => textOf(name) === wanted)?.['verbs']).map(textOf)
  assert.deepEqual(verbsOf('certificatesigningrequests').toSorted(), VERBS)
  for (const subresource of ['approval', 'status'])
    assert.deepEqual(verbsOf(`certificatesigningrequests/${subresource}`).toSorted(), [
      'get',
      'patch',
      'update',
    ])
})

test('requests for certificates are created, read, watched, changed and deleted', async () => {
  const { api } = await testCluster()
  await api.create(REQUESTS, template('a'))
  await api.create(REQUESTS, template('b'))
  const made = await api.create(REQUESTS, template('c'))
  const place = `${REQUESTS}/c`
  const got = await api.get(place)
  assert.equal(got['metadata']?.['uid'], made['metadata']?.['uid'])
  assert.equal(got['spec']?.['expirationSeconds'], undefined)
  const list = await api.get(LABELLED)
  assert.equal(listOf(list['items']).length, 3)

  const stopping = new AbortController()
  const from = textOf(list['metadata']?.['resourceVersion'])
  const events = await api.watch(`${LABELLED}&watch=true&resourceVersion=${from}`, stopping.signal)
  const seen = async () => {
    const { value } = (await events.next()) as { value: Json }
    return [textOf(value['type']), annotations(value['object']!)] as const
  }
  const patched = await api.patch(place, { metadata: { annotations: { patched: 'true' } } })
  assert.deepEqual(annotations(patched), { patched: 'true' })
  assert.deepEqual(await seen(), ['MODIFIED', { patched: 'true' }])
  const both = { patched: 'true', updated: 'true' }
  const updated = await api.update(place, {
    ...patched,
    metadata: { ...patched['metadata'], annotations: both },
  })
  assert.deepEqual(annotations(updated), both)
  assert.deepEqual(await seen(), ['MODIFIED', both])

  await api.delete(place)
  assert.deepEqual(await seen(), ['DELETED', both])
  stopping.abort()
  await assert.rejects(api.get(place), { reason: 'NotFound' })
  assert.equal(listOf((await api.get(LABELLED))['items']).length, 2)
  await api.delete(LABELLED)
  assert.equal(listOf((await api.get(LABELLED))['items']).length, 0)
})

test('requests are decided through approval and answered through status', async () => {
  const { api } = await testCluster()
  await api.create(REQUESTS, template('c'))
  const place = `${REQUESTS}/c`
  const approval = `${place}/approval`
  const status = `${place}/status`

  const patched = await api.patch(approval, {
    metadata: { annotations: { patchedapproval: 'true' } },
    status: { conditions: [condition('ApprovalPatch')] },
  })
  assert.deepEqual(types(patched), ['ApprovalPatch'])
  assert.deepEqual(annotations(patched), { patchedapproval: 'true' })
  const both = [condition('ApprovalPatch'), condition('Approved')]
  const approved = await api.update(approval, { ...patched, status: { conditions: both } })
  assert.deepEqual(types(approved), ['ApprovalPatch', 'Approved'])

  const signed = await certificate()
  const answered = await api.patch(status, {
    metadata: { annotations: { patchedstatus: 'true' } },
    status: { certificate: signed },
  })
  assert.equal(answered['status']?.['certificate'], signed)
  assert.deepEqual(annotations(answered), { patchedapproval: 'true', patchedstatus: 'true' })
  const conditions = [...listOf(answered['status']?.['conditions']), condition('StatusUpdate')]
  const told = await api.update(status, {
    ...answered,
    status: { ...answered['status'], conditions },
  })
  assert.deepEqual(types(told), ['ApprovalPatch', 'Approved', 'StatusUpdate'])
  assert.equal(told['status']?.['certificate'], signed)
  for (const subresource of [approval, status])
    assert.deepEqual(types(await api.get(subresource)), types(told))
})
