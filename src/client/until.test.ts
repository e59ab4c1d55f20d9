import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReason, StatusError } from '#base/errors.ts'
import { fakeClock } from '#base/fake-clock.ts'
import type { ConfigMap } from '#kinds/k8s/core.ts'
import { configMaps } from '#kinds/refs.ts'
import { createClient } from './create-client.ts'
import { fakeApi } from './fake-api.ts'
import { until } from './until.ts'

const place = { namespace: 'default', name: 'a' }

const configMap = (value: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...place },
  data: { value },
})

function setup() {
  const clock = fakeClock()
  const api = fakeApi({ clock })
  const target = { client: createClient(api.call), kind: configMaps, place }
  const wait = (wanted: string) =>
    until(target, (object) => object?.data?.['value'] === wanted, { timeoutMs: 10_000, clock })
  return { clock, api, target, wait }
}

test('until resolves at once when the object is as wished', async () => {
  const { api, wait } = setup()
  api.put(configMaps, configMap('x'))
  assert.equal((await wait('x'))?.data?.['value'], 'x')
})

test('until waits for the object to appear and to change', async () => {
  const { clock, api, wait } = setup()
  const waiting = wait('y')
  await clock.advance(100)
  api.put(configMaps, configMap('x'))
  await clock.advance(100)
  api.put(configMaps, configMap('y'))
  await clock.advance(0)
  assert.equal((await waiting)?.data?.['value'], 'y')
})

test('until can wait for an object to be gone', async () => {
  const { clock, api, target } = setup()
  api.put(configMaps, configMap('x'))
  const gone = until(target, (object) => object === undefined, { timeoutMs: 1000, clock })
  await clock.advance(100)
  api.remove(configMaps, place)
  assert.equal(await gone, undefined)
})

test('until goes on over broken connections and says Timeout at its deadline', async () => {
  const { clock, api, wait } = setup()
  const waiting = wait('never').catch((error: unknown) => error)
  await clock.advance(100)
  api.fail({ error: new Error('connection refused'), times: 2 })
  api.breakWatches(new Error('connection reset'))
  await clock.advance(9_000)
  assert.ok(api.requests.length > 4)
  await clock.advance(1_000)
  const error = await waiting
  assert.ok(isReason(error, 'Timeout'))
  assert.match(error.message, /ConfigMap "default\/a" did not be as wished within 10 s/)
  assert.equal(clock.pending, 0)
})

test('until rejects at once with an error that waiting does not mend', async () => {
  const { api, wait } = setup()
  api.fail({ error: new StatusError('Forbidden', 'no') })
  await assert.rejects(wait('x'), /no/)
})
