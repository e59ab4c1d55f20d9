// Passes a request on to another server and its answer back, both as they come.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { StatusError } from '#base/errors.ts'
import { isFrontProxyHeader } from '../aggregation/front-proxy.ts'
import type { ProxyOutcome } from '../context.ts'
import { connectionErrorText } from '../outgoing/connection-error.ts'

/** Of one connection only (RFC 9110 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Who asks here is nothing to the other server. */
const OURS = new Set(['authorization', 'host'])
const isOurs = (name: string) => OURS.has(name) || name.startsWith('impersonate-')

export interface Relay {
  request: IncomingMessage
  response: ServerResponse
  outcome: ProxyOutcome
  signal: AbortSignal
}

/** Resolves when the answer is written. Rejects with what the client is to be told instead. */
export async function relayRequest(relay: Relay): Promise<void> {
  const { request, response, outcome, signal } = relay
  if (outcome.rest === '' && (request.method === 'GET' || request.method === 'HEAD')) {
    response.writeHead(301, { location: withSlash(request.url ?? '') })
    response.end()
    return
  }
  const outgoing = outcome.open({
    method: request.method ?? 'GET',
    path: outcome.path,
    headers: forwardedHeaders(request, outcome),
  })
  const abort = () => outgoing.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve)
      outgoing.on('error', (error) => reject(unreachable(error, outcome)))
      // An answer may come before all was sent.
      pipeline(
        request,
        outgoing,
        (error) => error && !outgoing.destroyed && outgoing.destroy(error),
      )
    })
    response.writeHead(answer.statusCode ?? 502, answerHeaders(answer, request, outcome))
    await new Promise<void>((resolve) => {
      // A connection that breaks halfway cannot be answered any more: its end tells.
      pipeline(answer, response, () => resolve())
    })
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** "/x/proxy?a=b" with a slash before the query: relative links of the answer are below it then. */
function withSlash(url: string): string {
  const mark = url.indexOf('?')
  return mark < 0 ? `${url}/` : `${url.slice(0, mark)}/${url.slice(mark)}`
}

function unreachable(error: Error, { host }: ProxyOutcome): StatusError {
  const at = host.lastIndexOf(':')
  const place = { host: host.slice(0, at), port: Number(host.slice(at + 1)) }
  return new StatusError(
    'ServiceUnavailable',
    `error trying to reach service: ${connectionErrorText(error, place)}`,
    { cause: error },
  )
}

function forwardedHeaders(
  request: IncomingMessage,
  { host, hostHeader = host, identity }: ProxyOutcome,
) {
  const headers: Record<string, string | string[]> = {}
  for (const [name, lines] of Object.entries(request.headersDistinct))
    if (lines !== undefined && !HOP_BY_HOP.has(name) && !isOurs(name)) headers[name] = lines
  if (identity !== undefined) tellWho(headers, identity)
  // A body without a length is one for every method: some would leave it unframed.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked'
  headers['host'] = hostHeader
  headers['x-forwarded-host'] = request.headers.host ?? ''
  headers['x-forwarded-proto'] = 'https'
  headers['x-forwarded-uri'] = request.url ?? ''
  const from = request.socket.remoteAddress
  if (from !== undefined)
    headers['x-forwarded-for'] = [request.headers['x-forwarded-for'] ?? [], from].flat().join(', ')
  return headers
}

/** In place of all that the client says of itself in such headers. */
export function tellWho(
  headers: Record<string, string | string[]>,
  identity: Record<string, string | string[]>,
): void {
  for (const name of Object.keys(headers)) if (isFrontProxyHeader(name)) delete headers[name]
  Object.assign(headers, identity)
}

function answerHeaders(
  answer: IncomingMessage,
  { url = '' }: IncomingMessage,
  outcome: ProxyOutcome,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {}
  for (const [name, lines] of Object.entries(answer.headersDistinct))
    if (lines !== undefined && !HOP_BY_HOP.has(name)) headers[name] = lines
  const { location } = answer.headers
  if (location !== undefined) headers['location'] = movedTo(location, url, outcome)
  return headers
}

/** A redirect within the other server stays below the proxy's path. */
function movedTo(location: string, url: string, { host, rest, path }: ProxyOutcome): string {
  const [ownPath] = url.split('?', 1)
  const prefix = ownPath!.slice(0, ownPath!.length - rest.length)
  const base = new URL(path, `http://${host}`)
  if (!URL.canParse(location, base.href)) return location
  const to = new URL(location, base)
  return to.host === base.host ? `${prefix}${to.pathname}${to.search}${to.hash}` : location
}
