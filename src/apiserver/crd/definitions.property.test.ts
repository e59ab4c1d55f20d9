import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StatusError } from '#base/errors.ts'
import { testCluster } from '../test-cluster.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const BOATS = '/apis/example.com/v1/namespaces/default/boats'

const KEYS = [
  'type',
  'properties',
  'items',
  'additionalProperties',
  'required',
  'default',
  'enum',
  'nullable',
  'allOf',
  'anyOf',
  'not',
  'format',
  'pattern',
  'maximum',
  'maxItems',
  'maxLength',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-map-type',
]

/** Schemas that make sense in part: right and wrong values of every key, nested. */
const { schema } = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    fc.record({ type: fc.constantFrom('string', 'integer', 'boolean', 'number') }),
    fc.record(
      {
        type: fc.constantFrom('object', 'array', 'string', 'nonsense', ''),
        properties: fc.dictionary(
          fc.constantFrom('a', 'b', 'metadata', '__proto__', 'x-y'),
          tie('schema'),
          { maxKeys: 3 },
        ),
        items: tie('schema'),
        additionalProperties: fc.oneof(tie('schema'), fc.boolean()),
        required: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
        default: fc.jsonValue({ maxDepth: 2 }),
        anyOf: fc.array(tie('schema'), { maxLength: 2 }),
        pattern: fc.constantFrom('^a', '(', '[a-z]+'),
        'x-kubernetes-list-type': fc.constantFrom('map', 'set', 'atomic', 'odd'),
        'x-kubernetes-list-map-keys': fc.constantFrom(['a'], ['nope']),
        'x-kubernetes-validations': fc.array(
          fc.record({
            rule: fc.constantFrom(
              'self.a == self.a',
              'self.all(x, true)',
              'true',
              'oldSelf == self',
              '(',
            ),
          }),
          { maxLength: 2 },
        ),
        'x-kubernetes-preserve-unknown-fields': fc.boolean(),
        'x-kubernetes-embedded-resource': fc.boolean(),
        'x-kubernetes-int-or-string': fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(fc.constantFrom(...KEYS), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }),
  ),
}))

const definition = (openAPIV3Schema: unknown) => ({
  metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
  },
})

const REFUSALS = new Set(['BadRequest', 'Invalid'])

async function accepted(made: Promise<unknown>): Promise<boolean> {
  try {
    await made
    return true
  } catch (error) {
    if (!(error instanceof StatusError) || !REFUSALS.has(error.reason)) throw error
    return false
  }
}

test('whatever a schema says, a definition and its objects are taken or refused', async () => {
  let served = 0
  await fc.assert(
    fc.asyncProperty(schema, fc.jsonValue({ maxDepth: 3 }), async (inner, value) => {
      const { api, cluster } = await testCluster()
      const root = { type: 'object', properties: { spec: inner } }
      if (await accepted(api.create(CRDS, definition(root)))) {
        served++
        const object = (spec: unknown) => ({ metadata: { name: 'b' }, spec })
        if (await accepted(api.create(BOATS, object(value))))
          await accepted(api.update(`${BOATS}/b`, object({ a: [value] })))
      }
      await cluster.close()
    }),
    { numRuns: 150 },
  )
  assert.ok(served > 10)
})
