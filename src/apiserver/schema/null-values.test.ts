import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinSchemas } from './builtin-schemas.ts'
import { decodeBySchema } from './decode.ts'

test('null in a list or a map is the zero value of its type, as Go reads it', () => {
  const { value } = decodeBySchema(builtinSchemas, 'io.k8s.api.core.v1.Pod', {
    metadata: { labels: { a: null }, finalizers: [null] },
    spec: { containers: [null, { name: 'a', args: [null], resources: { limits: { cpu: null } } }] },
  })
  assert.deepEqual(value, {
    metadata: { labels: { a: '' }, finalizers: [''] },
    spec: { containers: [{}, { name: 'a', args: [''], resources: { limits: { cpu: '0' } } }] },
  })
})
