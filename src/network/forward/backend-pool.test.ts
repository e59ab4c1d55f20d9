import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { BackendPool, backendKey, type ForwardBackend } from './backend-pool.ts'
import { forwardLimits } from './forward-limits.ts'

const backend = (address: string, takesNew = true): ForwardBackend => ({
  address,
  port: 80,
  takesNew,
})
const NONE: ReadonlySet<string> = new Set()

function pool(...backends: ForwardBackend[]) {
  const clock = fakeClock()
  const made = new BackendPool(clock)
  made.update(backends, false)
  const choose = (except = NONE) => made.choose('127.0.0.1', except)?.address
  return { clock, made, choose }
}

test('BackendPool lets equals take turns', () => {
  const { choose } = pool(backend('a'), backend('b'))
  assert.deepEqual([choose(), choose(), choose(), choose()], ['a', 'b', 'a', 'b'])
})

test('BackendPool chooses the backend with the fewest connections', () => {
  const { made, choose } = pool(backend('a'), backend('b'))
  made.joined('a:80')
  assert.deepEqual([choose(), choose()], ['b', 'b'])
  made.left('a:80')
  assert.equal(choose(), 'a')
})

test('BackendPool chooses none that takes no connections, or was tried', () => {
  const { made, choose } = pool(backend('a', false), backend('b'))
  assert.equal(choose(), 'b')
  assert.equal(choose(new Set(['b:80'])), undefined)
  made.update([backend('a', false)], false)
  assert.equal(choose(), undefined)
  assert.equal(made.isOpen, false)
})

test('BackendPool chooses one that failed last, for a while', async () => {
  const { made, choose, clock } = pool(backend('a'), backend('b'))
  made.suspect('a:80')
  assert.deepEqual([choose(), choose()], ['b', 'b'])
  assert.equal(choose(new Set(['b:80'])), 'a')
  await clock.advance(forwardLimits.suspectMs + 1)
  made.joined('b:80')
  assert.equal(choose(), 'a')
})

test('BackendPool keeps a client where it is while backends come and go', () => {
  const { made } = pool()
  const three = ['a', 'b', 'c'].map((address) => backend(address))
  made.update(three, true)
  const chosen = made.choose('10.0.0.1', NONE)!
  assert.equal(made.choose('10.0.0.1', NONE), chosen)
  const other = three.find(({ address }) => address !== chosen.address)!
  made.update([...three.filter((one) => one !== other), backend('d')], true)
  const again = made.choose('10.0.0.1', NONE)!
  assert.ok(backendKey(again) === backendKey(chosen) || again.address === 'd')
})
