import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listOf, testCluster } from '../test-cluster.ts'

const JOBS = '/apis/batch/v1/namespaces/default/jobs'
const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims'
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x:1' }] } }
const job = (name: string) => ({ metadata: { name }, spec: { template } })

test('a write warns of what a kind accepts but does not like', async () => {
  const { api } = await testCluster()
  const [name] = (await api.send('POST', JOBS, job('a.b'))).warnings
  assert.match(
    name ?? '',
    /^metadata\.name: this is used in Pod names and hostnames, .* a DNS label is recommended: \[a lowercase RFC 1123 label/,
  )
  const { body, warnings } = await api.send('POST', CLAIMS, {
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1500m' } } },
  })
  const fraction =
    'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer'
  assert.deepEqual(warnings, [fraction])
  assert.deepEqual((await api.send('PUT', `${CLAIMS}/c`, body)).warnings, [fraction])
})

test('a job that is deleted leaves its pods behind, unless the client says otherwise', async () => {
  const { api } = await testCluster()
  await api.send('POST', JOBS, job('j'))
  const { body, warnings } = await api.send('DELETE', `${JOBS}/j`)
  assert.deepEqual(listOf(body['metadata']?.['finalizers']), ['orphan'])
  assert.deepEqual(warnings, [
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  ])
  await api.send('POST', JOBS, job('k'))
  const gone = await api.send('DELETE', `${JOBS}/k?propagationPolicy=Background`)
  assert.equal(gone.body['kind'], 'Status')
  assert.deepEqual(gone.warnings, [])
})

test('a replication controller leaves its pods behind too, without a word', async () => {
  const { api } = await testCluster()
  const path = '/api/v1/namespaces/default/replicationcontrollers'
  const { spec } = template
  await api.send('POST', path, {
    metadata: { name: 'r' },
    spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers: spec.containers } } },
  })
  const { body, warnings } = await api.send('DELETE', `${path}/r`)
  assert.deepEqual(listOf(body['metadata']?.['finalizers']), ['orphan'])
  assert.deepEqual(warnings, [])
})
