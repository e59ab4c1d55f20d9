import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, type AddressInfo } from 'node:net'
import type { WebSocket } from 'ws'
import { systemClock } from '#base/clock.ts'
import { attachToPod, type ExecOptions, execInPod } from '#client/remote-command.ts'
import { clusterRoleBindings, clusterRoles } from '#kinds/refs.ts'
import type { CommandSession } from '#streams/command/channels.ts'
import { type CommandOutcome, outcomeOf, readOutcomeText } from '#streams/command/outcome.ts'
import {
  chooseProtocol,
  spdyCommandProtocols,
  webSocketCommandProtocols,
} from '#streams/command/protocols.ts'
import { openSpdyCommand } from '#streams/command/spdy-command.ts'
import { openPortForward } from '#streams/port-forward/spdy-port-forward.ts'
import { webSocketCommand } from '#streams/websocket/web-socket-command.ts'
import { TEST_TOKEN } from '../apiserver/test-server.ts'
import { podPath, type StreamBench, startStreamBench } from './stream-bench.ts'

const clock = systemClock

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
const ALL = { stdin: true, stdout: true, stderr: true, tty: false }

let bench: StreamBench

before(async () => {
  bench = await startStreamBench()
  await bench.run('box', { command: ['sleep', '100000'] })
})

after(async () => bench.stop())

function execPath(
  command: readonly string[],
  flags = 'stdin=true&stdout=true&stderr=true',
): string {
  const words = command.map((word) => `command=${encodeURIComponent(word)}`).join('&')
  return podPath('box', `exec?${flags}&${words}`)
}

const sh = (script: string) => ['sh', '-c', script]

interface Heard {
  stdout: string
  stderr: string
  /** As it came on the error channel. */
  error: string
}

async function converse(session: CommandSession, input?: string): Promise<Heard> {
  const { stdin, stdout, stderr, error } = session.channels
  if (input !== undefined) stdin!.end(input)
  const [out, err, outcome] = await Promise.all([
    text(stdout!),
    text(stderr!),
    readOutcomeText(error!),
  ])
  session.close()
  await session.closed
  return { stdout: out, stderr: err, error: outcome }
}

const exitCode = (outcome: CommandOutcome) =>
  outcome.type === 'exited' ? outcome.exitCode : outcome.message

async function spdyExec(protocols: readonly string[], command: readonly string[], input: string) {
  const transport = await bench.spdy(execPath(command), protocols)
  const protocol = chooseProtocol(protocols, spdyCommandProtocols)!
  return converse(await openSpdyCommand({ transport, protocol, streams: ALL, clock }), input)
}

async function webSocketExec(
  protocols: readonly string[],
  command: readonly string[],
  input: string,
) {
  const protocol = chooseProtocol(protocols, webSocketCommandProtocols)!
  const socket = await bench.webSocket(execPath(command), protocols)
  const session = webSocketCommand({ socket, protocol, streams: ALL, role: 'client', clock })
  // Only version 5 can say that the input ends.
  return converse(session, protocol.hasClose ? input : undefined)
}

/** A command through our own client, with what it wrote. */
async function exec(options: Partial<ExecOptions> & { command: readonly string[] }) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const heard = Promise.all([buffer(stdout), buffer(stderr)])
  const { exitCode: code } = await execInPod(bench.server, {
    namespace: 'default',
    pod: 'box',
    stdout,
    stderr,
    ...options,
  })
  stdout.end()
  stderr.end()
  const [out, err] = await heard
  return { code, out: out.toString(), err: err.toString() }
}

async function processes(): Promise<string> {
  const { out } = await exec({ command: sh('busybox ps -o args') })
  return out
}

async function eventually(what: string, probe: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await probe()) return
    await sleep(100)
  }
  assert.fail(`${what} did not happen`)
}

describe('streams of a real containerd', { timeout: 170_000 }, () => {
  const script = sh('cat; echo err >&2; exit 3')
  const versions = [
    ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    ['v4.channel.k8s.io', 'v3.channel.k8s.io'],
    ['v3.channel.k8s.io'],
    ['v2.channel.k8s.io'],
    ['channel.k8s.io'],
  ]
  for (const protocols of versions)
    test(`exec over SPDY speaks ${protocols[0]}`, async () => {
      const { stdout, stderr, error } = await spdyExec(protocols, script, 'some input')
      assert.equal(stdout, 'some input')
      assert.equal(stderr, 'err\n')
      if (/^v[45]/.test(protocols[0]!)) assert.equal(exitCode(outcomeOf(error)), 3)
      else assert.match(error, /non-zero exit code/)
    })

  for (const protocol of webSocketCommandProtocols)
    test(`exec over WebSocket speaks ${protocol.name || 'the protocol without a name'}`, async () => {
      const offered = protocol.name === '' ? [] : [protocol.name]
      const command = protocol.hasClose ? script : sh('echo some input; echo err >&2; exit 3')
      const { stdout, stderr, error } = await webSocketExec(offered, command, 'some input\n')
      assert.equal(stdout, 'some input\n')
      assert.equal(stderr, 'err\n')
      if (protocol.hasStatus) assert.equal(exitCode(outcomeOf(error)), 3)
      else assert.match(error, /non-zero exit code/)
    })

  test('bytes pass unchanged, many of them, both ways at once', async () => {
    const blocks = Array.from({ length: 320 }, (_, index) => Buffer.alloc(65_536, index))
    const sent = createHash('sha256')
    for (const block of blocks) sent.update(block)
    const received = createHash('sha256')
    const stdout = new PassThrough()
    stdout.on('data', (chunk: Buffer) => received.update(chunk))
    const result = await execInPod(bench.server, {
      namespace: 'default',
      pod: 'box',
      command: ['cat'],
      stdin: Readable.from(blocks),
      stdout,
    })
    assert.equal(result.exitCode, 0)
    assert.equal(received.digest('hex'), sent.digest('hex'))
  })

  test('a terminal has a size that can change, and ends with its input', async () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()]
    let out = ''
    stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    const changed = Promise.withResolvers<void>()
    async function* sizes() {
      yield { columns: 91, rows: 37 }
      await changed.promise
      yield { columns: 92, rows: 38 }
    }
    const done = execInPod(bench.server, {
      namespace: 'default',
      pod: 'box',
      command: sh('while read line; do busybox stty size; done; exit 6'),
      stdin,
      stdout,
      tty: true,
      resize: sizes(),
    })
    const asked = async () => {
      stdin.write('\n')
      await sleep(50)
    }
    await eventually('the first size', async () => {
      await asked()
      return out.includes('37 91')
    })
    changed.resolve()
    await eventually('the second size', async () => {
      await asked()
      return out.includes('38 92')
    })
    stdin.end()
    assert.equal((await done).exitCode, 6)
  })

  test('what cannot be run is told, not waited for', async () => {
    await assert.rejects(exec({ command: ['no-such-program'] }), /no-such-program.*not found/)
    await assert.rejects(exec({ command: ['true'], container: 'other' }), {
      code: 400,
      message: 'container other is not valid for pod box',
    })
    await assert.rejects(exec({ command: ['true'], pod: 'none' }), { code: 404 })
    await bench.run('once', { command: ['sleep', '1'] }, { restartPolicy: 'Never' })
    await eventually('a refusal', async () => {
      const error = await exec({ command: ['true'], pod: 'once' }).catch((e: unknown) => e as Error)
      return error instanceof Error && error.message.includes('CONTAINER_EXITED')
    })
  })

  test('clients that want something else are refused before anything is opened', async () => {
    await assert.rejects(
      bench.spdy(execPath(['true']), ['v9.channel.k8s.io']),
      /client supports \[v9\.channel\.k8s\.io\], server accepts \[v5\.channel\.k8s\.io v4/,
    )
    await assert.rejects(bench.spdy(execPath(['true'], 'tty=true'), []), /at least 1 of stdin/)
    await assert.rejects(bench.spdy(podPath('box', 'exec'), []), /at least one command/)
    await assert.rejects(bench.spdy(execPath(['true']), [], 'Bearer wrong'), /Unauthorized/)
  })

  test('whoever may only read pods/exec runs nothing over a WebSocket', async () => {
    const user = { 'impersonate-user': 'reader' }
    const metadata = { name: 'exec-reader' }
    await bench.client.resource(clusterRoles).create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata,
      rules: [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] }],
    })
    await bench.client.resource(clusterRoleBindings).create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
    })
    const path = execPath(['true'])
    await assert.rejects(
      bench.webSocket(path, ['v4.channel.k8s.io'], undefined, user),
      /403 .*cannot create resource \\"pods\/exec\\"/,
    )
    await assert.rejects(
      bench.webSocket(path, ['v4.channel.k8s.io'], undefined, { 'impersonate-user': 'nobody' }),
      /403 .*cannot get resource \\"pods\/exec\\"/,
    )
  })

  test('a browser may bring its token among the protocols', async () => {
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from(TEST_TOKEN).toString('base64url')}`
    const path = execPath(['true'], 'stdout=true')
    const socket: WebSocket = await bench.webSocket(path, [token, 'v4.channel.k8s.io'], '')
    assert.equal(socket.protocol, 'v4.channel.k8s.io')
    socket.terminate()
  })

  test('a command whose client goes away loses its input and its output', async () => {
    const gone = new AbortController()
    const stdin = new PassThrough()
    const running = exec({ command: sh('exec cat marker -'), stdin, signal: gone.signal })
    stdin.write('x')
    await eventually('the command', async () => (await processes()).includes('cat marker'))
    gone.abort(new Error('enough'))
    await assert.rejects(running, /enough/)
    await eventually('its end', async () => !(await processes()).includes('cat marker'))
  })

  test('attach shows what the container writes and gives it its input', async () => {
    await bench.run('asker', {
      command: sh('read line; echo "you said $line"; exec sleep 100000'),
      stdin: true,
    })
    const [stdin, stdout] = [new PassThrough(), new PassThrough()]
    const gone = new AbortController()
    const attached = attachToPod(bench.server, {
      namespace: 'default',
      pod: 'asker',
      stdin,
      stdout,
      signal: gone.signal,
    })
    stdin.write('hello\n')
    const [answer] = (await stdout.take(1).toArray()) as Buffer[]
    assert.equal(answer!.toString(), 'you said hello\n')
    gone.abort(new Error('seen'))
    await assert.rejects(attached, /seen/)
  })

  test('port-forward reaches a port of the pod, and says so where nobody listens', async () => {
    await bench.run('web', { command: sh('echo page > /tmp/page; exec httpd -f -p 8080 -h /tmp') })
    const forward = async (port: number) => {
      const transport = await bench.spdy(podPath('web', 'portforward'), ['portforward.k8s.io'])
      return openPortForward({ transport, port, clock })
    }
    const { pair, connection } = await forward(8080)
    pair.data.write('GET /page HTTP/1.0\r\n\r\n')
    assert.match(await text(pair.data), /200 OK[^]*page\n$/)
    assert.equal(await text(pair.error), '')
    connection.close()
    await connection.closed
    const closed = await forward(81)
    assert.match(await text(closed.pair.error), /error forwarding port 81[^]*connection refused/)
    closed.connection.destroy()
  })

  test('port-forward reaches a pod in the network of its machine, by the runtime', async () => {
    const port = await freePort()
    const command = sh(`echo host > /tmp/page; exec httpd -f -p 127.0.0.1:${port} -h /tmp`)
    await bench.run('host', { command }, { hostNetwork: true })
    const transport = await bench.spdy(podPath('host', 'portforward'), ['portforward.k8s.io'])
    const { pair, connection } = await openPortForward({ transport, port, clock })
    pair.data.write('GET /page HTTP/1.0\r\n\r\n')
    assert.match(await text(pair.data), /200 OK[^]*host\n$/)
    connection.destroy()
  })

  test('port-forward speaks the numbered channels of a WebSocket', async () => {
    const path = podPath('web', 'portforward?ports=8080')
    const socket = await bench.webSocket(path, ['v4.channel.k8s.io'])
    let page = ''
    socket.on('message', (data) => {
      const bytes = data as Buffer
      if (bytes[0] === 0) page += bytes.toString('latin1', 1)
    })
    socket.send(Buffer.from('\0GET /page HTTP/1.0\r\n\r\n'))
    await eventually('the page', async () => page.includes('page\n'))
    assert.ok(page.startsWith('\x90\x1f'), 'the channel begins with its port')
    socket.terminate()
  })

  test('streams end with an error when the agent or the runtime goes away', async () => {
    const ofAgent = exec({ command: ['sleep', '1000'] })
    const failed = assert.rejects(ofAgent, /connection was lost/)
    await eventually('the command', async () => (await processes()).includes('sleep 1000\n'))
    await bench.restartAgent()
    await failed
    const ofRuntime = exec({ command: ['sleep', '2000'] })
    const lost = assert.rejects(ofRuntime, /connection to the container was lost/)
    await eventually('the command', async () => (await processes()).includes('sleep 2000'))
    await bench.runtime.kill()
    await lost
    await assert.rejects(exec({ command: ['true'] }), { code: 503 })
    await bench.runtime.restart()
    await eventually('exec', async () => {
      const result = await exec({ command: ['true'] }).catch((error: unknown) => error as Error)
      return 'code' in result && result.code === 0
    })
  })
})
