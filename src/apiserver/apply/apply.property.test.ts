// Laws of server-side apply, with two managers of one ConfigMap and one Deployment.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEPLOYMENTS, type Json, listOf, testCluster, textOf } from '../test-cluster.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const APPLY = 'application/apply-patch+yaml'
const RUNS = { numRuns: 40 }

const data = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  fc.constantFrom('1', '2', '3'),
  {
    noNullPrototype: true,
  },
)
type Data = Record<string, string>
/** Who applies an empty map owns the map, which is not stored: the next one to fill it is in conflict. */
const some = data.filter((values) => Object.keys(values).length > 0)

async function server() {
  const { api } = await testCluster()
  let number = 0
  const config = (name: string, values: Data) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: values,
  })
  return {
    api,
    name: () => `c-${number++}`,
    apply: (name: string, manager: string, values: Data, force = true) =>
      api.patch(
        `${CONFIG_MAPS}/${name}?fieldManager=${manager}&force=${force}`,
        config(name, values),
        APPLY,
      ),
  }
}

const dataOf = (object: Json): Data => ({ ...(object['data'] as unknown as Data | undefined) })
const managed = (object: Json) =>
  listOf(object['metadata']?.['managedFields']).map(({ manager, fieldsV1 }) => [
    textOf(manager),
    fieldsV1,
  ])

test('applying the same again changes nothing', async () => {
  const { apply, name } = await server()
  await fc.assert(
    fc.asyncProperty(data, data, async (one, other) => {
      const c = name()
      await apply(c, 'other', other)
      const first = await apply(c, 'one', one)
      assert.deepEqual(await apply(c, 'one', one), first)
    }),
    RUNS,
  )
})

test('what is applied is there, and what others own stays', async () => {
  const { apply, name } = await server()
  await fc.assert(
    fc.asyncProperty(data, data, async (one, other) => {
      const c = name()
      await apply(c, 'other', other)
      assert.deepEqual(dataOf(await apply(c, 'one', one)), { ...other, ...one })
    }),
    RUNS,
  )
})

test('who gives up everything leaves what others own', async () => {
  const { apply, name } = await server()
  await fc.assert(
    fc.asyncProperty(data, data, async (one, other) => {
      const c = name()
      await apply(c, 'one', one)
      await apply(c, 'other', other)
      // What both own, and what the other took, is the other's.
      assert.deepEqual(dataOf(await apply(c, 'one', {})), other)
    }),
    RUNS,
  )
})

test('two who own nothing in common may come in any order', async () => {
  const { apply, name } = await server()
  await fc.assert(
    fc.asyncProperty(some, some, async (one, other) => {
      const apart = Object.fromEntries(Object.entries(other).filter(([key]) => !(key in one)))
      fc.pre(Object.keys(apart).length > 0)
      const [c, d] = [name(), name()]
      await apply(c, 'one', one, false)
      const forth = await apply(c, 'other', apart, false)
      await apply(d, 'other', apart, false)
      const back = await apply(d, 'one', one, false)
      assert.deepEqual(dataOf(forth), dataOf(back))
      assert.deepEqual(new Map(managed(forth) as never), new Map(managed(back) as never))
    }),
    RUNS,
  )
})

test('a conflict is told with the field and who manages it, unless the values agree', async () => {
  const { apply, name } = await server()
  await fc.assert(
    fc.asyncProperty(some, some, async (one, other) => {
      const c = name()
      await apply(c, 'one', one, false)
      const differing = Object.keys(other).filter((key) => key in one && one[key] !== other[key])
      const attempt = apply(c, 'other', other, false)
      if (differing.length === 0) return void (await attempt)
      await assert.rejects(attempt, (error: Error & { details?: { causes?: object[] } }) => {
        const causes = differing.toSorted().map((key) => ({
          reason: 'FieldManagerConflict',
          message: 'conflict with "one"',
          field: `.data.${key}`,
        }))
        assert.deepEqual(error.details?.causes, causes)
        return true
      })
    }),
    RUNS,
  )
})

const containers = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), {
  minLength: 1,
  maxLength: 4,
})

test('containers of two managers are merged by name, in the order of the last one', async () => {
  const { api } = await testCluster()
  let number = 0
  const apply = (name: string, manager: string, names: readonly string[]) =>
    api.patch(
      `${DEPLOYMENTS}/${name}?fieldManager=${manager}&force=true`,
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name },
        spec: {
          selector: { matchLabels: { app: 'x' } },
          template: {
            metadata: { labels: { app: 'x' } },
            spec: { containers: names.map((one) => ({ name: one, image: 'i:1' })) },
          },
        },
      },
      APPLY,
    )
  await fc.assert(
    fc.asyncProperty(containers, containers, async (one, other) => {
      const d = `d-${number++}`
      await apply(d, 'one', one)
      const merged = await apply(d, 'other', other)
      const names = listOf(merged['spec']?.['template']?.['spec']?.['containers']).map((item) =>
        textOf(item['name']),
      )
      assert.deepEqual(new Set(names), new Set([...one, ...other]))
      assert.deepEqual(
        names.filter((item) => (other as string[]).includes(item)),
        other,
      )
      const left = await apply(d, 'one', other)
      assert.equal(
        listOf(left['spec']?.['template']?.['spec']?.['containers']).length,
        other.length,
      )
    }),
    RUNS,
  )
})
