import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fakeClock, settle } from '#base/fake-clock.ts'
import type { CommandSession, CommandStreams } from '#streams/command/channels.ts'
import { chooseProtocol, spdyCommandProtocols } from '#streams/command/protocols.ts'
import { acceptSpdyCommand, openSpdyCommand } from '#streams/command/spdy-command.ts'
import { bridgeCommand } from './bridge-command.ts'

const ALL: CommandStreams = { stdin: true, stdout: true, stderr: true, tty: false }
const SUCCESS = '{"metadata":{},"status":"Success"}'
const FAILURE = '{"status":"Failure","message":"it broke","reason":"InternalError"}'

/** A client and a runtime that the test plays, with the bridge between them. */
async function bridged(version = 'v4.channel.k8s.io', streams = ALL, ownsTerminal = false) {
  const clock = fakeClock()
  const protocol = chooseProtocol([version], spdyCommandProtocols)!
  const newest = chooseProtocol(['v4.channel.k8s.io'], spdyCommandProtocols)!
  const connect = async (
    side: typeof protocol,
  ): Promise<{ near: CommandSession; far: CommandSession }> => {
    const [one, other] = duplexPair()
    const accepting = acceptSpdyCommand({ transport: other, protocol: side, streams, clock })
    const near = await openSpdyCommand({ transport: one, protocol: side, streams, clock })
    return { near, far: await accepting }
  }
  const front = await connect(protocol)
  const back = await connect(newest)
  const done = bridgeCommand({
    client: front.far,
    runtime: back.near,
    protocol,
    ownsTerminal,
    clock,
  })
  return { clock, client: front.near, runtime: back.far, done }
}

test('bridgeCommand passes input, outputs and the outcome', async () => {
  const { client, runtime, done } = await bridged()
  client.channels.stdin!.end('in')
  assert.equal(await text(runtime.channels.stdin!), 'in')
  runtime.channels.stdout!.write('out')
  runtime.channels.stderr!.write('err')
  runtime.channels.error!.end(SUCCESS)
  // containerd resets its streams instead of ending them.
  await settle()
  runtime.channels.stdout!.destroy()
  runtime.channels.stderr!.destroy()
  const { stdout, stderr, error } = client.channels
  assert.deepEqual(await Promise.all([text(stdout!), text(stderr!), text(error!)]), [
    'out',
    'err',
    SUCCESS,
  ])
  await done
  await Promise.all([client.closed, runtime.closed])
})

test('bridgeCommand tells clients of old versions a sentence, or nothing of a success', async () => {
  for (const [outcome, told] of [
    [FAILURE, 'it broke'],
    [SUCCESS, ''],
  ] as const) {
    const { client, runtime, done } = await bridged('v2.channel.k8s.io')
    runtime.channels.stdout!.end()
    runtime.channels.stderr!.end()
    runtime.channels.error!.end(outcome)
    assert.equal(await text(client.channels.error!), told)
    await done
  }
})

test('bridgeCommand says so when the runtime is lost', async () => {
  const { client, runtime, done } = await bridged()
  runtime.destroy()
  assert.match(await text(client.channels.error!), /connection to the container was lost/)
  await done
})

test('a client that goes away ends the input of its command, after what it said', async () => {
  const { client, runtime } = await bridged()
  client.channels.stdin!.write('last words')
  await settle()
  client.destroy()
  assert.equal(await text(runtime.channels.stdin!), 'last words')
  await runtime.closed
})

test('a terminal is told that its input ends, and then that its client is gone', async () => {
  const { client, runtime } = await bridged('v5.channel.k8s.io', { ...ALL, tty: true }, true)
  let said = ''
  let hasEnded = false
  runtime.channels.stdin!.on('data', (chunk: Buffer) => (said += chunk.toString()))
  runtime.channels.stdin!.on('end', () => (hasEnded = true))
  client.channels.stdin!.end('exit')
  await settle()
  await settle()
  assert.equal(said, 'exit\x04')
  // containerd would show no more output.
  assert.equal(hasEnded, false)
  client.destroy()
  await runtime.closed
})

test('a terminal that was attached to is left as it is', async () => {
  const { client, runtime } = await bridged('v5.channel.k8s.io', { ...ALL, tty: true }, false)
  client.channels.stdin!.write('hello')
  await settle()
  client.destroy()
  assert.equal(await text(runtime.channels.stdin!), 'hello')
})
