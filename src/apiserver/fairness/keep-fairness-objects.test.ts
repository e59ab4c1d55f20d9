import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#base/fake-clock.ts'
import { testCluster, type TestCluster } from '../test-cluster.ts'

const GROUP = '/apis/flowcontrol.apiserver.k8s.io/v1'
const LOW = `${GROUP}/prioritylevelconfigurations/workload-low`
const PROBES = `${GROUP}/flowschemas/probes`
const SHARES = { spec: { limited: { nominalConcurrencyShares: 7 } } }

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await holds()); turns++) {
    assert.ok(turns < 100, 'it never came to be')
    await settle()
  }
}

const sharesOf = async ({ api }: TestCluster) =>
  Number((await api.get(LOW))['spec']!['limited']!['nominalConcurrencyShares'])

test('what every cluster has comes back when it is deleted, and is written only then', async () => {
  const made = await testCluster()
  const { api, store, cluster } = made
  const all = async () =>
    JSON.stringify((await api.get(`${GROUP}/flowschemas`))['items']).match(/"name":"probes"/g)
  await api.delete(PROBES)
  await until(async () => (await all()) !== null)
  const { revision } = store
  // A look at everything, for a write that has nothing to do with it.
  await api.create(`${GROUP}/prioritylevelconfigurations`, {
    metadata: { name: 'own' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  })
  for (let turns = 0; turns < 20; turns++) await settle()
  assert.equal(store.revision, revision + 1)
  await cluster.close()
})

test('a spec that follows the server is mended; one that does not stays as it is', async () => {
  const made = await testCluster()
  const { api, cluster } = made
  await api.patch(LOW, SHARES)
  await until(async () => (await sharesOf(made)) === 100)
  await api.patch(LOW, {
    metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } },
  })
  await api.patch(LOW, SHARES)
  for (let turns = 0; turns < 20; turns++) await settle()
  assert.equal(await sharesOf(made), 7)
  await cluster.close()
})
