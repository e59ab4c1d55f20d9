import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { events } from '#kinds/refs.ts'
import { createClient } from './create-client.ts'
import { createEventRecorder } from './event-recorder.ts'
import { fakeApi } from './fake-api.ts'

const object = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}` },
})

function setup() {
  const clock = fakeClock()
  const api = fakeApi({ clock })
  const recorder = createEventRecorder({
    client: createClient(api.call),
    clock,
    random: seededRandom(1),
    log: silentLogger,
    source: { component: 'test', host: 'n1' },
  })
  return { clock, api, recorder }
}

const pulled = { type: 'Normal' as const, reason: 'Pulled', message: 'Image is there' }

test('event recorder writes an Event that names its object and source', async () => {
  const { api, recorder } = setup()
  recorder.event(object('p'), { ...pulled, fieldPath: 'spec.containers{main}' })
  await recorder.flush()
  const [event] = api.list(events, 'default')
  assert.match(event!.metadata.name, /^p\.[0-9a-f]{16}$/)
  assert.deepEqual(event!.involvedObject, {
    apiVersion: 'v1',
    kind: 'Pod',
    name: 'p',
    namespace: 'default',
    uid: 'uid-p',
    fieldPath: 'spec.containers{main}',
  })
  assert.deepEqual(event!.source, { component: 'test', host: 'n1' })
  assert.equal(event!.count, 1)
})

test('event recorder counts repetitions in one Event', async () => {
  const { clock, api, recorder } = setup()
  for (let i = 0; i < 3; i++) {
    recorder.event(object('p'), pulled)
    await recorder.flush()
    await clock.advance(60_000)
  }
  const all = api.list(events)
  assert.equal(all.length, 1)
  assert.equal(all[0]!.count, 3)
  assert.equal(all[0]!.firstTimestamp, '2026-01-01T00:00:00Z')
  assert.equal(all[0]!.lastTimestamp, '2026-01-01T00:02:00Z')
})

test('event recorder begins anew when its Event has expired', async () => {
  const { api, recorder } = setup()
  recorder.event(object('p'), pulled)
  await recorder.flush()
  api.remove(events, api.list(events)[0]!.metadata)
  recorder.event(object('p'), pulled)
  await recorder.flush()
  assert.equal(api.list(events)[0]?.count, 1)
})

test('event recorder slows an object that has too much to say, and no other', async () => {
  const { clock, api, recorder } = setup()
  for (let i = 0; i < 40; i++) recorder.event(object('loud'), { ...pulled, message: `${i}` })
  recorder.event(object('quiet'), pulled)
  await recorder.flush()
  assert.equal(api.list(events).length, 26)
  await clock.advance(300_000)
  recorder.event(object('loud'), { ...pulled, message: 'later' })
  await recorder.flush()
  assert.equal(api.list(events).length, 27)
})

test('event recorder never throws when the API refuses', async () => {
  const { api, recorder } = setup()
  api.fail({ error: new Error('away') })
  recorder.event(object('p'), pulled)
  await recorder.flush()
  recorder.event(object('p'), pulled)
  await recorder.flush()
  assert.equal(api.list(events).length, 1)
})

test('event recorder gives names in the order in which things happened', async () => {
  const { clock, api, recorder } = setup()
  const reasons = ['First', 'Second', 'Third', 'Fourth', 'Fifth']
  for (const reason of reasons) {
    recorder.event(object('p'), { ...pulled, reason })
    await clock.advance(1)
  }
  await recorder.flush()
  const byName = api.list(events).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  assert.deepEqual(
    byName.map(({ reason }) => reason),
    reasons,
  )
})
