import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fakeClock, settle } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { nodeLimits } from '../limits.ts'
import { RuntimeError } from '../runtime/runtime.ts'
import { fakeRuntime } from '../runtime/fake-runtime.ts'
import { StreamingServer, type StreamingServerOptions } from './streaming-server.ts'

const pod = { metadata: { name: 'p', namespace: 'ns', uid: 'u' } } as Pod

/** What a SPDY client is answered, as HTTP. */
function asked(
  options: Partial<StreamingServerOptions>,
  path = '/exec/ns/p/c?command=ls&output=1',
) {
  const clock = fakeClock()
  const server = new StreamingServer({
    runtime: fakeRuntime(clock),
    findPod: (namespace, name) => (namespace === 'ns' && name === 'p' ? pod : undefined),
    problem: () => undefined,
    clock,
    log: silentLogger,
    ...options,
  })
  const [client, socket] = duplexPair()
  const request = { url: path, headers: { upgrade: 'SPDY/3.1' }, headersDistinct: {} }
  server.handle({ request: request as unknown as IncomingMessage, socket, head: Buffer.alloc(0) })
  client.end()
  return { clock, answer: text(client) }
}

test('a stream that cannot be opened is refused in the kubelet’s words', async () => {
  const cases: [answer: Promise<string>, expected: RegExp][] = [
    [
      asked({}, '/exec/ns/q/c?command=ls&output=1').answer,
      /^HTTP\/1\.1 404 [^]*pod does not exist/,
    ],
    [asked({}, '/exec/ns/p/c?command=ls').answer, /^HTTP\/1\.1 400 [^]*at least 1 of stdin/],
    [asked({}, '/elsewhere').answer, /^HTTP\/1\.1 404 /],
    [asked({}).answer, /^HTTP\/1\.1 500 [^]*container not found \("c"\)/],
    [asked({ problem: () => 'the machine is away' }).answer, /^HTTP\/1\.1 503 [^]*machine is away/],
    [asked({}, '/portForward/ns/p').answer, /^HTTP\/1\.1 404 [^]*pod not found \("p_ns"\)/],
  ]
  for (const [answer, expected] of cases) assert.match(await answer, expected)
})

test('what the runtime says becomes the status that a kubelet gives it', async () => {
  for (const [code, status] of [
    ['NotFound', 404],
    ['ResourceExhausted', 429],
    ['Unavailable', 503],
    ['Unknown', 500],
  ] as const) {
    const runtime = fakeRuntime(fakeClock())
    runtime.fail('listContainers', new RuntimeError(code, 'no'))
    assert.match(
      await asked({ runtime }).answer,
      new RegExp(`^HTTP/1\\.1 ${status} [^]*rpc error: code = ${code} desc = no`),
    )
  }
})

test('a runtime that does not answer is not waited for', async () => {
  const runtime = fakeRuntime(fakeClock())
  const silent = { ...runtime, listContainers: () => new Promise<never>(() => undefined) }
  const { clock, answer } = asked({ runtime: silent as unknown as typeof runtime })
  await settle()
  await clock.advance(nodeLimits.streamOpenMs)
  assert.match(await answer, /^HTTP\/1\.1 504 [^]*the container runtime does not answer/)
})
