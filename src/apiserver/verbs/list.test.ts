import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, TestApi } from '../test-cluster.ts'
import { CONFIG_MAPS, configMap, testCluster, listOf, textOf } from '../test-cluster.ts'

async function clusterWithFive(): Promise<TestApi> {
  const { api } = await testCluster()
  for (const n of [0, 1, 2, 3, 4])
    await api.create(
      CONFIG_MAPS,
      configMap(`c${n}`, {}, { labels: { n: String(n), parity: n % 2 === 0 ? 'even' : 'odd' } }),
    )
  return api
}

const names = (list: Json): unknown[] =>
  listOf(list['items']).map((item) => item['metadata']?.['name'])

test('list gives pages that together are the whole', async () => {
  const api = await clusterWithFive()
  const seen: unknown[] = []
  const remaining: unknown[] = []
  let token = ''
  do {
    const page = await api.get(`${CONFIG_MAPS}?limit=2&continue=${encodeURIComponent(token)}`)
    seen.push(...names(page))
    remaining.push(page['metadata']?.['remainingItemCount'])
    token = textOf(page['metadata']?.['continue'] ?? '')
  } while (token !== '')
  assert.deepEqual(seen, ['c0', 'c1', 'c2', 'c3', 'c4'])
  assert.deepEqual(remaining, [3, 1, undefined])
})

test('a later page carries the version of the first', async () => {
  const api = await clusterWithFive()
  const first = await api.get(`${CONFIG_MAPS}?limit=2`)
  await api.create(CONFIG_MAPS, configMap('z'))
  const token = encodeURIComponent(textOf(first['metadata']?.['continue']))
  const second = await api.get(`${CONFIG_MAPS}?limit=2&continue=${token}`)
  assert.equal(second['metadata']?.['resourceVersion'], first['metadata']?.['resourceVersion'])
})

test('list selects by labels and fields', async () => {
  const api = await clusterWithFive()
  const cases: [string, string[]][] = [
    ['labelSelector=parity%3Dodd', ['c1', 'c3']],
    ['labelSelector=parity%20in%20(odd),n%20notin%20(1)', ['c3']],
    ['labelSelector=n%3E2', ['c3', 'c4']],
    ['fieldSelector=metadata.name%3Dc1', ['c1']],
    ['fieldSelector=metadata.name!%3Dc1&labelSelector=parity%3Dodd', ['c3']],
  ]
  for (const [query, wanted] of cases)
    assert.deepEqual(names(await api.get(`${CONFIG_MAPS}?${query}`)), wanted, query)
})

test('list over all namespaces shows each', async () => {
  const api = await clusterWithFive()
  await api.create('/api/v1/namespaces/kube-system/configmaps', configMap('k'))
  const all = names(await api.get('/api/v1/configmaps'))
  for (const name of ['c0', 'c4', 'k']) assert.ok(all.includes(name), String(name))
})

test('list refuses what it cannot answer', async () => {
  const api = await clusterWithFive()
  const cases: [string, string, string][] = [
    ['limit=many', 'BadRequest', 'strconv.ParseInt: parsing "many": invalid syntax'],
    ['fieldSelector=spec.nothing%3Da', 'BadRequest', 'field label not supported: spec.nothing'],
    [
      'labelSelector=a%20in%20',
      'BadRequest',
      "unable to parse requirement: found '' expected: '('",
    ],
    [
      'resourceVersionMatch=Exact',
      'Invalid',
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
  ]
  for (const [query, reason, message] of cases)
    await assert.rejects(api.get(`${CONFIG_MAPS}?${query}`), { reason, message }, query)
})

test('list of a version that is still to come times out', async () => {
  const { api, store } = await testCluster()
  const message = `Timeout: Too large resource version: 999999, current: ${store.revision}`
  await assert.rejects(api.get(`${CONFIG_MAPS}?resourceVersion=999999`), {
    reason: 'Timeout',
    message,
  })
})
