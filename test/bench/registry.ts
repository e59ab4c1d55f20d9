// Push and pull of blobs on loopback, ours and, where Debian's docker-registry is installed, that one
// beside it in the same run: POST and PUT with the body, as containerd and BuildKit push.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '#registry/digest.ts'
import { basic, makeDataDir, startRegistry } from '../integration/registry/start-registry.ts'

const MEGABYTE = 1_000_000

/** Blob sizes and how many of each are pushed and pulled, one after the other. */
const rounds = [
  { megabytes: 1, blobs: 60 },
  { megabytes: 10, blobs: 15 },
  { megabytes: 100, blobs: 4 },
] as const

export interface RegistryFigure {
  what: 'push' | 'pull'
  megabytes: number
  /** Megabytes (10^6 bytes) per second, the median blob. */
  ccs: number
  /** The same for docker-registry; absent where it is not installed. */
  dockerRegistry?: number
}

interface Target {
  port: number
  stop(): Promise<void>
}

/** `dockerRegistry` is the path of its program. */
export async function benchRegistry(
  dockerRegistry = '/usr/bin/docker-registry',
): Promise<RegistryFigure[]> {
  const ccs = await startOurs()
  const other = existsSync(dockerRegistry) ? await startTheirs(dockerRegistry) : undefined
  try {
    const figures: RegistryFigure[] = []
    for (const round of rounds) {
      const ours = await measure(ccs, round)
      const theirs = other && (await measure(other, round))
      for (const what of ['push', 'pull'] as const)
        figures.push({
          what,
          megabytes: round.megabytes,
          ccs: ours[what],
          ...(theirs !== undefined && { dockerRegistry: theirs[what] }),
        })
    }
    return figures
  } finally {
    await ccs.stop()
    await other?.stop()
  }
}

async function measure({ port }: Target, { megabytes, blobs }: (typeof rounds)[number]) {
  const agent = new http.Agent({ keepAlive: true })
  const request = requester(port, agent)
  const body = randomBytes(megabytes * MEGABYTE)
  const seconds = { push: [] as number[], pull: [] as number[] }
  try {
    for (let blob = 0; blob < blobs; blob++) {
      // A new digest each time, and none of the hashing is measured.
      randomBytes(16).copy(body)
      const digest = digestOf(body)
      seconds.push.push(
        await timed(async () => {
          const { headers } = await request('POST', '/v2/bench/blobs/blobs/uploads/')
          const location = new URL(headers.location!, 'http://registry')
          location.searchParams.set('digest', digest)
          await request('PUT', location.pathname + location.search, body)
        }),
      )
      seconds.pull.push(
        await timed(async () => {
          const bytes = await pull(port, `/v2/bench/blobs/blobs/${digest}`)
          if (bytes !== body.length) throw new Error(`got ${bytes} of ${body.length} bytes`)
        }),
      )
    }
  } finally {
    agent.destroy()
  }
  const rate = (values: number[]) => Math.round(megabytes / median(values))
  return { push: rate(seconds.push), pull: rate(seconds.pull) }
}

function requester(port: number, agent: http.Agent) {
  return async (method: string, at: string, body?: Buffer) => {
    const headers = {
      authorization: basic('admin'),
      'content-type': 'application/octet-stream',
      'content-length': body?.length ?? 0,
    }
    const request = http.request({ host: '127.0.0.1', port, agent, method, path: at, headers })
    request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.resume()
    await once(response, 'end')
    if ((response.statusCode ?? 500) >= 300)
      throw new Error(`${method} ${at} answered ${response.statusCode}`)
    return { headers: response.headers }
  }
}

/**
 * Reads a blob and returns the length of its body. The bytes go into one buffer, so that the client
 * takes as little as possible of the processors that it shares with the registry.
 */
function pull(port: number, at: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let head = ''
    let bytes = 0
    const callback = (length: number, buffer: Uint8Array) => {
      bytes += length
      if (head.includes('\r\n\r\n')) return true
      head += Buffer.from(buffer.subarray(0, length)).toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end >= 0) bytes -= end + 4
      return true
    }
    const onread = { buffer: Buffer.alloc(MEGABYTE), callback }
    const socket = net.connect({ port, host: '127.0.0.1', onread })
    socket.on('error', reject)
    socket.on('close', () => {
      if (head.startsWith('HTTP/1.1 200 ')) resolve(bytes)
      else reject(new Error(`GET ${at} answered ${head.slice(0, 40)}`))
    })
    socket.write(
      `GET ${at} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${basic('admin')}\r\n` +
        'Connection: close\r\n\r\n',
    )
  })
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

async function startOurs(): Promise<Target> {
  const dataDir = await makeDataDir()
  const registry = await startRegistry(dataDir)
  return {
    port: registry.port,
    async stop() {
      await registry.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Without authentication, which spares it the bcrypt of its password file. */
async function startTheirs(program: string): Promise<Target> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ccs-bench-registry-'))
  const port = await freePort()
  const config = path.join(directory, 'config.yml')
  await writeFile(
    config,
    `version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\n` +
      `storage:\n  filesystem:\n    rootdirectory: ${directory}/data\n` +
      `http:\n  addr: 127.0.0.1:${port}\n`,
  )
  const child = spawn(program, ['serve', config], { stdio: 'ignore' })
  const gone = once(child, 'exit')
  await untilAnswering(port)
  return {
    port,
    async stop() {
      child.kill()
      await gone
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function untilAnswering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const ready = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return
    await sleep(50)
  }
  throw new Error(`nothing answers on port ${port}`)
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  return port
}
