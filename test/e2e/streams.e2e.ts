// kubectl exec, attach, cp, port-forward and run -it, over WebSocket and over SPDY.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { busyboxImage, pushBusyboxImage } from './busybox-image.ts'
import { eventually, fetchText, Instance, kubectlMissing, type Result, run } from './instance.ts'

const TIMEOUT_MS = 40_000
const COPY_BYTES = 50_000_000
const CONNECTIONS = 50

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'box', labels: { app: 'box' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: busyboxImage,
        command: ['sh', '-c', 'mkdir /www; echo page > /www/page; exec httpd -f -p 8080 -h /www'],
      },
      { name: 'other', image: busyboxImage, command: ['sleep', '100000'] },
    ],
  },
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'box' },
  spec: { selector: { app: 'box' }, ports: [{ port: 80, targetPort: 8080 }] },
}
/** Says how many lines it got, once it got all and a while has passed. */
const counter =
  'while true; do nc -l -p 9000 -e sh -c "n=\\$(wc -l); sleep 2; echo lines \\$n"; done'

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ')

describe('kubectl streams', { skip: kubectlMissing }, () => {
  let instance: Instance
  const work = mkdtempSync(path.join(tmpdir(), 'ccs-streams-'))

  before(async () => {
    instance = await Instance.create()
    const { code, stderr } = await instance.up()
    assert.equal(code, 0, stderr)
    await pushBusyboxImage(instance)
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [pod, service] })
    const place = ['--context', 'ccs-local']
    const applied = await instance.kubectlWith(list, ...place, 'apply', '-f', '-')
    assert.equal(applied.code, 0, applied.stderr)
    const wait = ['wait', '--for=condition=Ready', 'pod/box', '--timeout=60s']
    const ready = await instance.kubectl(...place, ...wait)
    assert.equal(ready.code, 0, ready.stderr)
  })

  after(async () => {
    rmSync(work, { recursive: true, force: true })
    await instance?.purge()
  })

  for (const [protocol, isOn] of [
    ['WebSocket', 'true'],
    ['SPDY', 'false'],
  ] as const)
    describe(`over ${protocol}`, () => {
      const argv = (args: readonly string[]) => [
        'env',
        `KUBECTL_REMOTE_COMMAND_WEBSOCKETS=${isOn}`,
        `KUBECTL_PORT_FORWARD_WEBSOCKETS=${isOn}`,
        'kubectl',
        ...instance.kubectlFlags,
        '--context=ccs-local',
        ...args,
      ]
      const k = (args: readonly string[], input?: string): Promise<Result> =>
        run(argv(args), input === undefined ? {} : { input })
      /** At a terminal of 33 rows and 99 columns, typing `input`. */
      const terminal = (args: readonly string[], input: string): Promise<Result> => {
        const command = `stty rows 33 cols 99; exec ${quoted(argv(args))}`
        return run(['script', '-qec', command, '/dev/null'], { input, timeoutMs: TIMEOUT_MS })
      }
      const inBox = async (script: string) => {
        const { code, stdout, stderr } = await k([
          'exec',
          'box',
          '-c',
          'main',
          '--',
          'sh',
          '-c',
          script,
        ])
        assert.equal(code, 0, stderr)
        return stdout.trim()
      }

      test('exec keeps the outputs apart, reads the input and gives the exit code', async () => {
        const script = 'cat; echo complaint >&2; exit 7'
        const exec = ['exec', '-i', 'box', '-c', 'main', '-v=4', '--', 'sh', '-c', script]
        const { code, stdout, stderr } = await k(exec, 'to the end')
        assert.equal(stdout, 'to the end')
        assert.match(stderr, /^complaint$/m)
        assert.match(stderr, /command terminated with exit code 7/)
        // Without this a WebSocket that does not work would go unnoticed: kubectl tries SPDY then.
        assert.doesNotMatch(stderr, /fallback/i)
        assert.equal(code, 7)
      })

      test('exec says what is wrong and does not wait', async () => {
        const missing = await k(['exec', 'box', '-c', 'main', '--', 'no-such-program'])
        assert.match(missing.stderr, /"no-such-program": executable file not found/)
        const container = await k(['exec', 'box', '-c', 'third', '--', 'true'])
        assert.match(container.stderr, /container third is not valid for pod box/)
      })

      test('exec -it gives a terminal of the right size, which a client takes with it', async () => {
        const shell = ['exec', '-it', 'box', '-c', 'main', '--', 'sh']
        const { code, stdout } = await terminal(shell, 'stty size; exit 4\n')
        assert.match(stdout, /33 99/)
        assert.equal(code, 4)
        const [command, ...args] = ['script', '-qec', `exec ${quoted(argv(shell))}`, '/dev/null']
        const left = spawn(command!, args, { stdio: ['pipe', 'pipe', 'ignore'] })
        const shells = async () => Number(await inBox('ps -o args | grep -c "^sh$" || true'))
        await eventually('the shell', TIMEOUT_MS, async () => (await shells()) === 1)
        left.kill('SIGKILL')
        await eventually('its end', TIMEOUT_MS, async () => (await shells()) === 0)
      })

      test('cp takes large files and directories both ways unchanged', async () => {
        const large = randomBytes(COPY_BYTES)
        const from = path.join(work, `from-${protocol}`)
        mkdirSync(path.join(from, 'deep', 'er'), { recursive: true })
        writeFileSync(path.join(from, 'large'), large)
        writeFileSync(path.join(from, 'deep', 'er', 'small'), 'small')
        const there = `/tmp/${protocol}`
        const sent = await k(['cp', from, `box:${there}`, '-c', 'main'])
        assert.equal(sent.code, 0, sent.stderr)
        assert.match(await inBox(`sha256sum ${there}/large`), new RegExp(sha(large)))
        const back = path.join(work, `back-${protocol}`)
        const received = await k(['cp', `box:${there}`, back, '-c', 'main'])
        assert.equal(received.code, 0, received.stderr)
        assert.equal(sha(readFileSync(path.join(back, 'large'))), sha(large))
        assert.equal(readFileSync(path.join(back, 'deep', 'er', 'small'), 'utf8'), 'small')
      })

      test('run -it --rm shows what its pod says and gives its exit code', async () => {
        const name = `once-${protocol.toLowerCase()}`
        const script = 'read word; echo "heard $word"; exit 5'
        const options = ['-it', '--rm', '--restart=Never', `--image=${busyboxImage}`, '--command']
        const asked = ['run', name, ...options, '--', 'sh', '-c', script]
        // Typed before the pod is there, it may be lost: typed again until it is heard.
        const [command, ...args] = ['script', '-qec', quoted(argv(asked)), '/dev/null']
        const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'ignore'] })
        child.stdin.on('error', () => undefined)
        const typing = setInterval(() => child.stdin.write('word\n'), 200)
        const output = text(child.stdout)
        const [code] = (await once(child, 'exit')) as [number]
        clearInterval(typing)
        assert.match(await output, /heard word/)
        assert.equal(code, 5)
        const gone = await k(['get', 'pod', name])
        assert.match(gone.stderr, /not found/)
      })

      test('port-forward serves many connections at once, also by a service’s name', async () => {
        await inBox('head -c 300000 /dev/zero > /www/zeros')
        for (const [target, port] of [
          ['pod/box', 8080],
          ['service/box', 80],
        ] as const)
          await forwarding(
            argv(['port-forward', target, `:${port}`, '-v=4']),
            async (local, said) => {
              const url = `http://127.0.0.1:${local}`
              const pages = Array.from({ length: CONNECTIONS }, () => fetchText(`${url}/zeros`))
              for (const page of await Promise.all(pages)) assert.equal(page.length, 300_000)
              assert.doesNotMatch(said(), /fallback/i)
            },
          )
      })

      test('port-forward lets a client end its side and wait for the answer', async () => {
        // It outlives the exec that starts it.
        await inBox(`pgrep -f 'nc -l -p 9000' >/dev/null || (${counter}) >/dev/null 2>&1 &`)
        await eventually('the counter', TIMEOUT_MS, async () => {
          const listening = await inBox('netstat -ltn')
          return listening.includes(':9000')
        })
        await forwarding(argv(['port-forward', 'pod/box', ':9000']), async (local) => {
          const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true })
          socket.end('one\ntwo\nthree\n')
          assert.equal(await text(socket), 'lines 3\n')
        })
      })

      test('port-forward says so where nobody listens', async () => {
        await forwarding(argv(['port-forward', 'pod/box', ':81']), async (local, said) => {
          await assert.rejects(fetchText(`http://127.0.0.1:${local}/`))
          await eventually('the reason', TIMEOUT_MS, async () =>
            /error forwarding port 81: .*connection refused/.test(said()),
          )
        })
      })
    })
})

/** Runs a port-forward while `use` runs, with its local port and what it has said on stderr. */
async function forwarding(
  argv: readonly string[],
  use: (local: number, said: () => string) => Promise<void>,
): Promise<void> {
  const [command, ...args] = argv
  const child: ChildProcess = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr!.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const exited = once(child, 'exit')
  try {
    const local = await eventually(
      `the local port (${err})`,
      TIMEOUT_MS,
      async () => Number(/127\.0\.0\.1:(\d+) ->/.exec(out)?.[1]) || undefined,
    )
    await use(local, () => err)
  } finally {
    child.kill()
    await exited
  }
}
