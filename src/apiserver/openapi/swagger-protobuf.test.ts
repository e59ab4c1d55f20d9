import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFields } from '../protobuf/wire.ts'
import { testCluster } from '../test-cluster.ts'
import { swaggerProtobuf } from './swagger-protobuf.ts'

/** The bytes of the field reached by these numbers, the first one of each. */
function at(bytes: Uint8Array, ...numbers: number[]): Uint8Array {
  return numbers.reduce((message, number) => {
    const found = readFields(message).find((field) => field.number === number)
    assert.ok(found?.bytes, `there is no field ${number}`)
    return found.bytes
  }, bytes)
}

const textAt = (bytes: Uint8Array, ...numbers: number[]) =>
  Buffer.from(at(bytes, ...numbers)).toString()

/** Of a map: the value of the pair with this name. */
function named(bytes: Uint8Array, field: number, name: string): Uint8Array {
  const pairs = readFields(bytes).filter(({ number }) => number === field)
  const pair = pairs.find(({ bytes: inner }) => textAt(inner!, 1) === name)
  assert.ok(pair?.bytes, `there is no "${name}"`)
  return at(pair.bytes, 2)
}

const document = {
  swagger: '2.0',
  info: { title: 'Kubernetes', version: '1' },
  paths: {
    '/api/v1/things': {
      parameters: [{ name: 'name', in: 'path', required: true, type: 'string', uniqueItems: true }],
      patch: {
        operationId: 'patchThing',
        consumes: ['application/merge-patch+json'],
        parameters: [
          { name: 'dryRun', in: 'query', type: 'string', uniqueItems: true },
          { name: 'body', in: 'body', schema: { $ref: '#/definitions/Thing' } },
        ],
        responses: { '200': { description: 'OK', schema: { $ref: '#/definitions/Thing' } } },
        'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'Thing' },
      },
    },
  },
  definitions: {
    Thing: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', format: 'int32', minimum: 0.5, maxLength: 300 },
        tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
        more: { type: 'object', additionalProperties: { type: 'string' } },
        any: { type: 'object', additionalProperties: true, default: {} },
      },
      'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Thing' }],
    },
  },
}

test('swaggerProtobuf writes definitions as messages of openapi.v2', () => {
  const thing = named(at(swaggerProtobuf(document), 9), 1, 'Thing')
  assert.equal(textAt(thing, 22, 1), 'object')
  assert.equal(textAt(thing, 19), 'size')
  assert.equal(textAt(thing, 31, 1), 'x-kubernetes-group-version-kind')
  assert.equal(textAt(thing, 31, 2, 2), '[{"group":"","version":"v1","kind":"Thing"}]')
  const property = (name: string) => named(at(thing, 25), 1, name)
  assert.equal(textAt(property('size'), 2), 'int32')
  assert.equal(Buffer.from(at(property('size'), 9)).readDoubleLE(), 0.5)
  assert.equal(readFields(property('size')).find(({ number }) => number === 11)?.varint, 300n)
  assert.equal(textAt(property('tags'), 23, 1, 20, 2), '"a"')
  assert.equal(textAt(property('more'), 21, 1, 22, 1), 'string')
  assert.equal(readFields(at(property('any'), 21))[0]?.varint, 1n)
  assert.equal(textAt(property('any'), 5, 2), '{}')
})

test('swaggerProtobuf writes what a write takes', () => {
  const item = named(at(swaggerProtobuf(document), 8), 2, '/api/v1/things')
  assert.equal(textAt(item, 9, 1, 2, 4, 4), 'name')
  const patch = at(item, 8)
  assert.equal(textAt(patch, 7), 'application/merge-patch+json')
  assert.equal(textAt(patch, 8, 1, 2, 3, 4), 'dryRun')
  assert.equal(textAt(patch, 13, 2, 2), '{"group":"","version":"v1","kind":"Thing"}')
  const body = readFields(patch).filter(({ number }) => number === 8)[1]!.bytes!
  assert.equal(textAt(body, 1, 1, 5, 1), '#/definitions/Thing')
  const ok = named(at(patch, 9), 1, '200')
  assert.equal(textAt(ok, 1, 2, 1, 1), '#/definitions/Thing')
})

test('OpenAPI v2 in protobuf has every definition that the JSON has', async () => {
  const { cluster } = await testCluster()
  const user = { username: 'admin', groups: ['system:masters'] }
  const json = await cluster.call(user)({
    method: 'GET',
    path: '/openapi/v2',
    query: new URLSearchParams(),
  })
  assert.equal(json.type, 'object')
  const { definitions } = json.body as { definitions: Record<string, unknown> }
  const bytes = swaggerProtobuf(json.body as Record<string, unknown>)
  for (const name of Object.keys(definitions)) named(at(bytes, 9), 1, name)
})
