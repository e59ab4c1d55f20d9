// The example image: builds without running anything, answers many at once, leaves politely.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, cp, mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const timeout = 60_000
const work = await mkdtemp(path.join(tmpdir(), 'ccs-hello-'))
const storage = ['--root', `${work}/storage`, '--runroot', `${work}/run`, '--storage-driver', 'vfs']
const buildah = async (...args: string[]) =>
  (await run('buildah', [...storage, ...args], { timeout })).stdout.trim()

let container: ChildProcess | undefined

after(async () => {
  container?.kill('SIGKILL')
  await buildah('umount', '--all')
  await rm(work, { recursive: true, force: true })
})

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  return port
}

/** Builds the image and returns its root file system. */
async function buildImage() {
  const context = path.join(work, 'context')
  await cp(path.join(import.meta.dirname, '../../../examples/hello'), context, { recursive: true })
  await copyFile('/bin/busybox', path.join(context, 'busybox'))
  await buildah('bud', '--isolation', 'chroot', '--tag', 'hello', context)
  return buildah('mount', await buildah('from', 'hello'))
}

/** Runs the image's entry point as process 1 of a PID namespace, as a container does. */
function start(root: string, port: number) {
  const script = `
    mkdir -p ${root}/proc ${root}/dev && touch ${root}/dev/null
    mount -t proc proc ${root}/proc && mount --bind /dev/null ${root}/dev/null
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin PORT=${port} POD_NAME=pod-1 NODE_NAME=machine-1 \\
      NODE_ZONE=zone-1 DRAIN_SECONDS=1 chroot ${root} /bin/busybox sh /hello.sh`
  return spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script], {
    stdio: 'ignore',
  })
}

/** Sends half a request now and the rest after `delayMs`. */
async function slowRequest(port: number, delayMs: number) {
  const socket = net.connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\n')
  await sleep(delayMs)
  socket.write('\r\n')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

test('the example image answers 50 at once and finishes what it began', { timeout }, async () => {
  const root = await buildImage()
  const port = await freePort()
  container = start(root, port)
  const gone = once(container, 'exit')
  const url = `http://127.0.0.1:${port}/`
  for (let tries = 0; tries < 50; tries++) {
    const up = await fetch(url).then(
      () => true,
      () => false,
    )
    if (up) break
    await sleep(50)
  }
  for (let round = 0; round < 4; round++) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => (await fetch(url)).text()),
    )
    for (const text of answers)
      assert.equal(text, 'Hello from pod pod-1 on machine machine-1 in zone zone-1\n')
  }
  assert.equal(await (await fetch(`${url}healthz`)).text(), 'ok\n')

  const slow = slowRequest(port, 1_800)
  await sleep(100)
  // unshare hands no signals on, so they go to process 1 itself.
  const { stdout } = await run('ps', ['--ppid', String(container.pid), '-o', 'pid='])
  process.kill(Number(stdout.trim()), 'SIGTERM')
  await sleep(300)
  assert.equal((await fetch(url)).status, 200)
  assert.match(await slow, /Hello from pod pod-1/)
  const [code] = (await gone) as [number]
  assert.equal(code, 0)
})
