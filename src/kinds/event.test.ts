import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventKind, type Event } from './event.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const event: Event = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'p.1', namespace: 'n' },
  involvedObject: { kind: 'Pod', name: 'p', namespace: 'n', fieldPath: 'spec.containers{c}' },
  reason: 'Pulled',
  message: 'Image is present\n',
  source: { component: 'kubelet', host: 'node-1' },
  firstTimestamp: '2026-01-01T11:50:00Z',
  lastTimestamp: '2026-01-01T11:59:30Z',
  count: 3,
  type: 'Normal',
}

test('an event is served as events.k8s.io/v1 and comes back the same', () => {
  const [form] = eventKind.alsoServedAs!
  const shown = form!.fromStored(event) as unknown as Record<string, unknown>
  assert.equal(shown['apiVersion'], 'events.k8s.io/v1')
  assert.equal(shown['note'], event.message)
  assert.deepEqual(shown['regarding'], event.involvedObject)
  assert.equal(shown['deprecatedCount'], 3)
  assert.equal(shown['message'], undefined)
  assert.deepEqual(form!.toStored(form!.fromStored(event)), event)
})

test('the columns of an event', () => {
  const cells = eventKind.columns.map((column) => [column.name, column.cell(event, NOW)])
  assert.deepEqual(Object.fromEntries(cells), {
    'Last Seen': '30s',
    Type: 'Normal',
    Reason: 'Pulled',
    Object: 'pod/p',
    Subobject: 'spec.containers{c}',
    Source: 'kubelet, node-1',
    Message: 'Image is present',
    'First Seen': '10m',
    Count: '3',
    Name: 'p.1',
  })
})

test('an event lives in the namespace of what it is about', () => {
  assert.deepEqual(eventKind.validate(event, undefined), [])
  const elsewhere = { ...event, metadata: { name: 'p.1', namespace: 'other' } }
  assert.equal(eventKind.validate(elsewhere, undefined)[0]?.field, 'involvedObject.namespace')
})
