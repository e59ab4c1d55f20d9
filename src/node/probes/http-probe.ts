// One HTTP GET to a container, for probes and for hooks.
import http from 'node:http'
import https from 'node:https'
import type { Container, HTTPGetAction } from '#kinds/k8s/core.ts'
import { dialError } from './dial-error.ts'
import { portNumber } from './port-number.ts'
import type { ProbeResult } from './prober.ts'

const BODY_BYTES_MAX = 10 * 1024
const REDIRECTS_MAX = 10
/** Other answers of 3xx are no redirects to Go's client either. */
const REDIRECTS = new Set([301, 302, 303, 307, 308])

export interface HttpAnswer {
  status: number
  body: string
}

export interface HttpTarget {
  container: Container
  /** The pod's address, asked where the action names no host. */
  address: string
  timeoutMs: number
}

/** No answer came; the message says why in Go's words. */
export class HttpProbeError extends Error {}

interface RawAnswer extends HttpAnswer {
  location: string | undefined
}

type Headers = Record<string, string | string[]>

function ask(url: URL, headers: Headers, signal: AbortSignal): Promise<RawAnswer> {
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

/** The user's headers, repeated ones too, over ours; an empty Accept takes that header away. */
function headersOf({ httpHeaders = [] }: HTTPGetAction): Headers {
  const own = new Map<string, string[]>()
  for (const { name, value } of httpHeaders) {
    const key = name.toLowerCase()
    own.set(key, [...(own.get(key) ?? []), value])
  }
  const headers: Headers = {
    'user-agent': 'kube-probe/1.36',
    accept: '*/*',
    connection: 'close',
  }
  // There is one host only: the last one named.
  for (const [name, values] of own)
    headers[name] = values.length === 1 || name === 'host' ? values.at(-1)! : values
  if (headers['accept'] === '') delete headers['accept']
  return headers
}

async function follow(start: URL, action: HTTPGetAction, signal: AbortSignal): Promise<HttpAnswer> {
  const headers = headersOf(action)
  let url = start
  for (let redirects = 0; ; redirects++) {
    const answer = await ask(url, headers, signal)
    const { status, location } = answer
    const next = REDIRECTS.has(status) && location ? new URL(location, url) : undefined
    // A container that names another host has done its part.
    if (next === undefined || next.hostname !== start.hostname) return answer
    if (redirects === REDIRECTS_MAX)
      throw new HttpProbeError(`stopped after ${REDIRECTS_MAX} redirects`)
    url = next
  }
}

/** Resolves with whatever is answered; rejects with an HttpProbeError, or a RangeError for the port. */
export async function httpGet(action: HTTPGetAction, target: HttpTarget): Promise<HttpAnswer> {
  const host = action.host || target.address
  const port = portNumber(target.container, action.port)
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const path = (action.path || '/').replace(/^\/*/, '/')
  const url = `${scheme}://${host}:${port}${path}`
  const signal = AbortSignal.timeout(target.timeoutMs)
  try {
    return await follow(new URL(url), action, signal)
  } catch (error) {
    const why = signal.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : dialError(error as NodeJS.ErrnoException, host, port)
    throw new HttpProbeError(`Get "${url}": ${why}`, { cause: error })
  }
}

/** A container is well when it answers with 2xx or 3xx. */
export async function httpProbe(action: HTTPGetAction, target: HttpTarget): Promise<ProbeResult> {
  try {
    const { status, body } = await httpGet(action, target)
    if (status >= 200 && status < 300) return { ok: true, output: body }
    if (status >= 300 && status < 400) {
      const output = `Probe terminated redirects, Response body: ${body}`
      return { ok: true, warning: true, output }
    }
    return { ok: false, output: `HTTP probe failed with statuscode: ${status}` }
  } catch (error) {
    if (error instanceof HttpProbeError) return { ok: false, output: error.message }
    throw error
  }
}
