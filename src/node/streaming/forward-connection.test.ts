import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fakeClock, settle } from '#base/fake-clock.ts'
import {
  type ForwardedPair,
  openPortForward,
  servePortForward,
} from '#streams/port-forward/spdy-port-forward.ts'
import { type ForwardedEnd, forwardConnection } from './forward-connection.ts'

const clock = fakeClock()

/** A client's pair and the server's end of it. */
async function forwarded() {
  const [transport, far] = duplexPair()
  const served = Promise.withResolvers<ForwardedPair>()
  servePortForward({ transport: far, clock, forward: served.resolve })
  const { pair, connection } = await openPortForward({ transport, port: 80, clock })
  pair.error.end()
  const end: ForwardedEnd = {
    data: pair.data,
    error: pair.error,
    close: () => connection.close(),
    closed: connection.closed,
  }
  return { pair, end, served: await served.promise }
}

test('forwardConnection lets each side end for itself', async () => {
  const front = await forwarded()
  const back = await forwarded()
  const done = forwardConnection(front.served, async () => back.end, clock)
  front.pair.data.end('request')
  assert.equal(await text(back.served.data), 'request')
  back.served.data.end('response')
  back.served.error.end()
  assert.equal(await text(front.pair.data), 'response')
  assert.equal(await text(front.pair.error), '')
  await done
})

test('forwardConnection says why a port cannot be reached', async () => {
  const { pair, served } = await forwarded()
  const refuse = () => Promise.reject(new Error('connection refused'))
  await forwardConnection(served, refuse, clock)
  assert.equal(await text(pair.error), 'error forwarding port 80: connection refused')
  assert.equal(await text(pair.data), '')
})

test('forwardConnection passes on what the runtime says went wrong', async () => {
  const front = await forwarded()
  const back = await forwarded()
  const done = forwardConnection(front.served, async () => back.end, clock)
  back.served.error.end('nobody listens')
  back.served.data.end()
  assert.equal(await text(front.pair.error), 'nobody listens')
  front.pair.data.end()
  await done
})

test('forwardConnection ends the connection in the pod when the client breaks off', async () => {
  const front = await forwarded()
  const back = await forwarded()
  // Even while the way into the pod is being opened.
  const opening = Promise.withResolvers<ForwardedEnd>()
  const done = forwardConnection(front.served, () => opening.promise, clock)
  front.pair.data.destroy()
  await settle()
  opening.resolve(back.end)
  await done
  assert.equal(await text(back.served.data), '')
})
