import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chooseProtocol,
  noCommonProtocol,
  offeredProtocols,
  spdyCommandProtocols,
  webSocketCommandProtocols,
} from './protocols.ts'

const spdy = (offered: string[]) => chooseProtocol(offered, spdyCommandProtocols)?.name

test('offeredProtocols reads lists in one header or several', () => {
  assert.deepEqual(offeredProtocols(undefined), [])
  assert.deepEqual(offeredProtocols('a, b ,,c'), ['a', 'b', 'c'])
  assert.deepEqual(offeredProtocols(['a', 'b,c']), ['a', 'b', 'c'])
})

test('chooseProtocol takes the first the client names that we know', () => {
  assert.equal(
    spdy(['v9.channel.k8s.io', 'v4.channel.k8s.io', 'v5.channel.k8s.io']),
    'v4.channel.k8s.io',
  )
  assert.equal(spdy(['v2.channel.k8s.io', 'channel.k8s.io']), 'v2.channel.k8s.io')
  assert.equal(spdy([]), '')
  assert.equal(spdy(['v9.channel.k8s.io']), undefined)
  assert.equal(chooseProtocol(['v3.channel.k8s.io'], webSocketCommandProtocols), undefined)
})

test('a terminal can be resized from version 3 on, a Status comes from version 4 on', () => {
  const table = spdyCommandProtocols.map(({ hasResize, hasStatus }) => [hasResize, hasStatus])
  assert.deepEqual(table.slice(0, 5), [
    [true, true],
    [true, true],
    [true, false],
    [false, false],
    [false, false],
  ])
})

test('noCommonProtocol names what both sides know', () => {
  assert.equal(
    noCommonProtocol(['v9.channel.k8s.io'], [{ name: 'portforward.k8s.io' }, { name: '' }]),
    'unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], server accepts [portforward.k8s.io]',
  )
})
