import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProtobuf } from './decode-protobuf.ts'

/** A field that holds bytes. */
function field(number: number, ...content: (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(content.map((one) => Buffer.from(one)))
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

const integer = (number: number, value: number) =>
  Buffer.concat([varint(number << 3), varint(value)])

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

const envelope = (apiVersion: string, kind: string, raw: Buffer) =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, field(1, apiVersion), field(2, kind)),
    field(2, raw),
  ])

test('decodeProtobuf reads maps, bytes and metadata', () => {
  // ObjectMeta: name 1, namespace 3, creationTimestamp 8 (empty: Go's zero time), labels 11.
  const metadata = field(
    1,
    field(1, 's'),
    field(3, ''),
    field(8),
    field(11, field(1, 'a'), field(2, 'b')),
  )
  const secret = Buffer.concat([
    metadata,
    field(2, field(1, 'key'), field(2, 'value')),
    field(3, 'Opaque'),
  ])
  assert.deepEqual(decodeProtobuf(envelope('v1', 'Secret', secret)), {
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: { name: 's', labels: { a: 'b' } },
    data: { key: Buffer.from('value').toString('base64') },
    type: 'Opaque',
  })
})

test('decodeProtobuf puts embedded structs beside the other fields', () => {
  // Volume: name 1, volumeSource 2 (embedded) with emptyDir 2.
  const volume = field(1, field(1, 'v'), field(2, field(2)))
  const pod = Buffer.concat([field(1, field(1, 'p')), field(2, volume)])
  assert.deepEqual(decodeProtobuf(envelope('v1', 'Pod', pod))['spec'], {
    volumes: [{ name: 'v', emptyDir: {} }],
  })
})

test('decodeProtobuf keeps a zero that was meant and drops one that was not', () => {
  // DeploymentSpec: replicas 1 (a pointer), minReadySeconds 5 (none).
  const deployment = field(2, integer(1, 0), integer(5, 0))
  assert.deepEqual(decodeProtobuf(envelope('apps/v1', 'Deployment', deployment))['spec'], {
    replicas: 0,
  })
})

test('decodeProtobuf reads numbers or names, quantities and times', () => {
  // Service: spec 2, ports 1: targetPort 4 = IntOrString { type 1, intVal 2, strVal 3 }.
  const port = field(1, field(4, integer(1, 1), field(3, 'http')), integer(3, 80))
  const service = field(2, port)
  assert.deepEqual(decodeProtobuf(envelope('v1', 'Service', service))['spec'], {
    ports: [{ targetPort: 'http', port: 80 }],
  })
})

test('decodeProtobuf refuses what it cannot read', () => {
  const refused: [Buffer, RegExp][] = [
    [Buffer.from('{}'), /lacks the prefix/],
    [envelope('example.com/v1', 'Boat', Buffer.alloc(0)), /not known in protobuf/],
    [envelope('v1', 'Secret', Buffer.from([0x0a, 0x7f])), /cut off/],
  ]
  for (const [bytes, message] of refused)
    assert.throws(() => decodeProtobuf(bytes), { reason: 'BadRequest', message })
})
