// One HTTP request of one logical cluster: read, authenticate, answer, write.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PatchType, ApiRequest, UserInfo } from '#base/api-call.ts'
import { isReason, StatusError } from '#base/errors.ts'
import { methodNotAllowed, tooManyRequests } from '../api-errors.ts'
import { type Auditor, codeOf } from '../audit/auditor.ts'
import type { Arrival, RequestAudit } from '../audit/request-audit.ts'
import type { Credentials, Identified } from '../authentication/authenticator.ts'
import { decodeProtobuf } from '../protobuf/decode-protobuf.ts'
import { impersonate } from '../authentication/impersonate.ts'
import type { Body, Call, ClusterContext, Outcome, ServerRequest } from '../context.ts'
import { apiLimits } from '../limits.ts'
import { readRequest as readInfo, type RequestInfo } from '../request-info.ts'
import { PLAIN, readForm } from './negotiate.ts'
import type { SharedEncoder } from './encode-event.ts'
import { peerCertificate } from './peer-certificate.ts'
import { readBytes, textOf } from './read-bytes.ts'
import { bodyMediaType, patchTypeOf } from './media-types.ts'
import type { Fairness } from '../fairness/fairness.ts'
import { assertDecided } from '../authorization/assert-decided.ts'
import { remoteAt } from '../aggregation/remote-at.ts'
import { readProxiedPath } from '../proxy/proxied-path.ts'
import { relayRequest } from './relay-request.ts'
import { createTurns } from './request-turn.ts'
import { createStreamCounter } from './stream-counter.ts'
import { writeError, writeOutcome } from './write-outcome.ts'

export interface ClusterAccess {
  context: ClusterContext
  authenticate(credentials: Credentials): Promise<Identified>
  /** Told of each request with a token that should have been replaced. */
  staleToken(user: UserInfo, staleSeconds: number): void
  answer(call: Call): Promise<Outcome>
  auditor: Auditor
  /** Aborts when the cluster closes. */
  closing: AbortSignal
  encodeShared: SharedEncoder
  fairness: Fairness
}

export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => Promise<void>

export function createRequestHandler(access: ClusterAccess): RequestHandler {
  const streams = createStreamCounter({
    max: apiLimits.streamsPerUserMax,
    refusal: (user, count) =>
      tooManyRequests(`user ${user} holds ${count} watches and logs open, close some`),
  })
  const turnFor = createTurns({ fairness: access.fairness, clock: access.context.clock })
  // One listener for all requests: a signal composed for each would cost more than most requests.
  const underWay = new Set<AbortController>()
  access.closing.addEventListener('abort', () => {
    for (const abort of underWay) abort.abort(access.closing.reason)
  })
  return async (request, response, path) => {
    const abort = new AbortController()
    const turn = turnFor(response)
    underWay.add(abort)
    response.once('close', () => {
      turn.leave()
      underWay.delete(abort)
      abort.abort(new Error('the client has gone'))
    })
    const { signal } = abort
    const arrival = access.auditor.arrived(request, path)
    response.setHeader('audit-id', arrival.auditId)
    let audit: RequestAudit | undefined
    let asked: Call | undefined
    try {
      const isRelayed = isProxied(access, path)
      const line = readLine(request, path, isRelayed ? PROXIED_METHODS : METHODS)
      const info = readInfo(line)
      const requester = await authenticate(access, { request, info, arrival })
      audit = access.auditor.begin(arrival, requester, info)
      audit?.followHead(response)
      await audit?.received()
      const user = impersonate(access.context.authorizer, requester, request.headers)
      audit?.impersonated(user)
      if (isRelayed) {
        const call = callOf({ user, info, request: { ...line, signal } }, audit)
        const release = streams.take(user.username)
        await relay(access, { request, response, call, signal }).finally(release)
        return
      }
      const asking = { user, info, query: line.query, signal }
      await turn.take(asking)
      const body =
        line.method === 'GET' ? {} : await turn.whileRead(readBody(request, line.method), asking)
      const call = callOf({ user, info, request: { ...line, ...body, signal } }, audit)
      asked = call
      const form = /^\/apis?\//.test(path) ? readForm(request.headers.accept) : PLAIN
      const outcome = await access.answer(call)
      audit?.answered(outcome)
      const release =
        outcome.type === 'watch' || outcome.type === 'bytes'
          ? streams.take(user.username)
          : () => undefined
      try {
        const written = writeOutcome({ access, call, form, outcome, response, signal })
        // What follows the beginning of a watch costs little: it holds no seat for that.
        if (outcome.type === 'watch') turn.leave()
        await written
        turn.boundAnswer()
      } finally {
        release()
      }
    } catch (error) {
      refuse({ access, response, signal, path, audit, asked }, error)
    } finally {
      audit?.ended(codeOf(response))
    }
  }
}

interface Failing {
  access: ClusterAccess
  response: ServerResponse
  signal: AbortSignal
  path: string
  audit: RequestAudit | undefined
  /** Undefined while nobody knows yet what is asked. */
  asked: Call | undefined
}

function refuse({ access, response, signal, path, audit, asked }: Failing, error: unknown): void {
  if (signal.aborted && (response.closed || !response.writable)) return
  const status = statusErrorOf(access, error, path)
  audit?.failed(status, !(error instanceof StatusError))
  writeError(response, status, asked?.warnings)
}

/** A call whose notes and body go into the audit. */
export function callOf(
  asked: Required<Pick<Call, 'user' | 'info' | 'request'>>,
  audit: RequestAudit | undefined,
): Call {
  const call: Call = { ...asked, warnings: [] }
  if (audit === undefined) return call
  call.auditAnnotations = audit.annotations
  audit.asked(call)
  return call
}

// Few requests are, and every one is asked.
function isProxied({ context }: ClusterAccess, path: string): boolean {
  if (path.includes('/proxy') && readProxiedPath(path.split('?', 1)[0]!) !== undefined) return true
  return remoteAt(context.remote, path) !== undefined
}

interface Proxied {
  request: IncomingMessage
  response: ServerResponse
  call: Call
  signal: AbortSignal
}

/** The body is the other server's to read. */
async function relay(
  access: ClusterAccess,
  { request, response, call, signal }: Proxied,
): Promise<void> {
  const outcome = await access.answer(call)
  assertDecided(call)
  if (outcome.type !== 'proxy') throw methodNotAllowed()
  await relayRequest({ request, response, outcome, signal })
}

export interface Unidentified {
  request: IncomingMessage
  info: RequestInfo
  arrival: Arrival
  /** Stands in for the header where a client cannot set it. */
  token?: string | undefined
}

/** Who sends a request; whom they act as is decided later. What fails is written to the audit log. */
export async function authenticate(
  access: ClusterAccess,
  { request, info, arrival, token }: Unidentified,
): Promise<UserInfo> {
  const certificate = peerCertificate(request.socket)
  const authorization = request.headers.authorization ?? token
  try {
    const { user, staleSeconds } = await access.authenticate({ authorization, certificate })
    if (staleSeconds !== undefined) access.staleToken(user, staleSeconds)
    return user
  } catch (error) {
    if (isReason(error, 'Unauthorized')) access.auditor.refused(arrival, info, error.code)
    throw error
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
const PROXIED_METHODS: ReadonlySet<string> = new Set([...METHODS, 'OPTIONS'])

/** What is asked, without a body. */
export function readLine(request: IncomingMessage, path: string, methods = METHODS): ServerRequest {
  // Taken as it stands: a path that needs normalising names nothing here.
  const mark = path.indexOf('?')
  const [pathname, query] = mark < 0 ? [path, ''] : [path.slice(0, mark), path.slice(mark + 1)]
  // HEAD is GET without a body; Node leaves the body out by itself.
  const given = request.method === 'HEAD' ? 'GET' : (request.method ?? '')
  if (!methods.has(given)) throw methodNotAllowed()
  // To ask what may be asked changes nothing.
  const method = given === 'OPTIONS' ? 'GET' : given
  const { accept, 'user-agent': userAgent } = request.headers
  return {
    method: method as ApiRequest['method'],
    path: pathname,
    query: new URLSearchParams(query),
    ...(accept === undefined ? {} : { accept }),
    ...(userAgent === undefined ? {} : { userAgent }),
  }
}

async function readBody(
  request: IncomingMessage,
  method: string,
): Promise<{ body: Body; patchType?: PatchType }> {
  const bytes = await readBytes(request)
  const contentType = request.headers['content-type']
  if (method === 'PATCH') {
    const patchType = patchTypeOf(contentType)
    const text = textOf(bytes)
    // What is applied may be YAML, and is JSON most of the time, which is read faster as such.
    const isYaml = patchType === 'application/apply-patch+yaml' && !/^\s*\{/.test(text)
    const mediaType = isYaml ? 'application/yaml' : 'application/json'
    const body: Body = { type: 'text', text, mediaType }
    return patchType === undefined ? { body } : { body, patchType }
  }
  const mediaType = bytes.length === 0 ? 'application/json' : bodyMediaType(contentType)
  if (mediaType === 'application/vnd.kubernetes.protobuf')
    return { body: { type: 'value', value: decodeProtobuf(bytes) } }
  return { body: { type: 'text', text: textOf(bytes), mediaType } }
}

export function statusErrorOf(
  { context }: ClusterAccess,
  error: unknown,
  path: string,
): StatusError {
  if (error instanceof StatusError) {
    if (isReason(error, 'InternalError')) context.log.warn('request failed', { path, error })
    return error
  }
  context.log.error('request failed', { path, error })
  return new StatusError(
    'InternalError',
    'Internal error occurred: see the log of the engine for its cause',
    { cause: error },
  )
}
