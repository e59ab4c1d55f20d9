// Asks a container whether it is well: HTTP and TCP from this computer to the pod's address, exec
// through the runtime.
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { Container, HTTPGetAction, Probe } from '#kinds/k8s/core.ts'
import type { IntOrString } from '#kinds/object.ts'
import { type Runtime, isRuntimeError } from '../runtime/runtime.ts'

export interface ProbeTarget {
  probe: Probe
  container: Container
  containerId: string
  /** The pod's address. */
  address: string
}

export interface ProbeResult {
  ok: boolean
  /** What to tell the user, in Kubernetes' words. */
  output: string
}

/** Never rejects for what a container does wrong; a rejection means that we could not ask. */
export type Prober = (target: ProbeTarget) => Promise<ProbeResult>

const OUTPUT_CHARACTERS_MAX = 1_024
const BODY_BYTES_MAX = 10 * 1024
const REDIRECTS_MAX = 10

export function portNumber(container: Container, port: IntOrString): number {
  const number = Number(port)
  if (Number.isInteger(number)) return number
  const named = container.ports?.find(({ name }) => name === port)
  if (named === undefined) throw new RangeError(`couldn't find port: ${port} in container ports`)
  return named.containerPort
}

const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

function dialError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const why = CONNECT_ERRORS[error.code ?? ''] ?? error.message
  return CONNECT_ERRORS[error.code ?? ''] === undefined ? why : `dial tcp ${host}:${port}: ${why}`
}

const timeoutMsOf = (probe: Probe): number => (probe.timeoutSeconds ?? 1) * 1000

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: timeoutMs })
    const end = (result: ProbeResult) => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => end({ ok: true, output: '' }))
    socket.once('timeout', () =>
      end({ ok: false, output: `dial tcp ${host}:${port}: i/o timeout` }),
    )
    socket.once('error', (error) => end({ ok: false, output: dialError(error, host, port) }))
  })
}

interface HttpAnswer {
  status: number
  location: string | undefined
  body: string
}

function httpGet(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const options = {
    method: 'GET',
    headers,
    signal,
    agent: false,
    // A probe asks whether the server answers, not who it is.
    rejectUnauthorized: false,
  }
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, options)
    request.once('error', reject)
    request.once('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        // What comes beyond the limit is read and dropped, or the connection would not end.
        if (body.length < BODY_BYTES_MAX) body += chunk
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, body }),
      )
    })
    request.end()
  })
}

function headersOf({ httpHeaders = [] }: HTTPGetAction): Record<string, string> {
  const own = httpHeaders.map(({ name, value }) => [name.toLowerCase(), value] as const)
  return {
    'user-agent': 'kube-probe/1.36',
    accept: '*/*',
    connection: 'close',
    ...Object.fromEntries(own),
  }
}

async function follow(
  start: URL,
  action: HTTPGetAction,
  signal: AbortSignal,
): Promise<ProbeResult> {
  let url = start
  for (let redirects = 0; ; redirects++) {
    const { status, location, body } = await httpGet(url, headersOf(action), signal)
    if (status < 200 || status >= 400)
      return { ok: false, output: `HTTP probe failed with statuscode: ${status}` }
    const next = status >= 300 && location !== undefined ? new URL(location, url) : undefined
    // Where another host is named the container has done its part.
    if (next === undefined || next.hostname !== url.hostname) return { ok: true, output: body }
    if (redirects === REDIRECTS_MAX)
      return { ok: false, output: `Get "${url.href}": stopped after ${REDIRECTS_MAX} redirects` }
    url = next
  }
}

async function httpProbe(action: HTTPGetAction, target: ProbeTarget): Promise<ProbeResult> {
  const host = action.host || target.address
  const port = portNumber(target.container, action.port)
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const url = new URL(`${scheme}://${host}:${port}${action.path || '/'}`)
  const signal = AbortSignal.timeout(timeoutMsOf(target.probe))
  try {
    return await follow(url, action, signal)
  } catch (error) {
    const why = signal.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : dialError(error as NodeJS.ErrnoException, host, port)
    return { ok: false, output: `Get "${scheme}://${host}:${port}${action.path || '/'}": ${why}` }
  }
}

async function execProbe(
  runtime: Runtime,
  command: string[],
  { probe, containerId }: ProbeTarget,
): Promise<ProbeResult> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1
  try {
    const { exitCode, stdout, stderr } = await runtime.exec(containerId, command, timeoutSeconds)
    return { ok: exitCode === 0, output: `${stdout}${stderr}`.slice(0, OUTPUT_CHARACTERS_MAX) }
  } catch (error) {
    if (!isRuntimeError(error, 'DeadlineExceeded')) throw error
    const output = `command timed out: "${command.join(' ')}" timed out after ${timeoutSeconds}s`
    return { ok: false, output }
  }
}

export function networkProber(runtime: Runtime): Prober {
  return async (target) => {
    const { probe, address, container } = target
    if (probe.exec) return execProbe(runtime, probe.exec.command ?? [], target)
    if (probe.httpGet) return httpProbe(probe.httpGet, target)
    if (probe.tcpSocket) {
      const { host, port } = probe.tcpSocket
      return tcpProbe(host || address, portNumber(container, port), timeoutMsOf(probe))
    }
    return { ok: false, output: 'probes of this type are not supported' }
  }
}
