// One HTTP request of one logical cluster: read, authenticate, answer, write.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PatchType, ApiRequest, UserInfo } from '#base/api-call.ts'
import { isReason, StatusError } from '#base/errors.ts'
import { methodNotAllowed, tooManyRequests } from '../api-errors.ts'
import type { Credentials, Identified } from '../authentication/authenticator.ts'
import { decodeProtobuf } from '../protobuf/decode-protobuf.ts'
import { impersonate } from '../authentication/impersonate.ts'
import type { Body, Call, ClusterContext, Outcome, ServerRequest } from '../context.ts'
import { apiLimits } from '../limits.ts'
import { PLAIN, readForm } from './negotiate.ts'
import type { SharedEncoder } from './encode-event.ts'
import { peerCertificate } from './peer-certificate.ts'
import { readBytes, textOf } from './read-bytes.ts'
import { bodyMediaType, patchTypeOf } from './media-types.ts'
import type { Fairness } from '../fairness/fairness.ts'
import { assertDecided } from '../authorization/assert-decided.ts'
import { readProxiedPath } from '../proxy/proxied-path.ts'
import { readRequest } from '../request-info.ts'
import { relayRequest } from './relay-request.ts'
import { RequestTurn } from './request-turn.ts'
import { createStreamCounter } from './stream-counter.ts'
import { writeError, writeOutcome } from './write-outcome.ts'

export interface ClusterAccess {
  context: ClusterContext
  authenticate(credentials: Credentials): Promise<Identified>
  /** Told of each request with a token that should have been replaced. */
  staleToken(user: UserInfo, staleSeconds: number): void
  answer(call: Call): Promise<Outcome>
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
  const turns = {
    fairness: access.fairness,
    clock: access.context.clock,
    slowBodies: createStreamCounter({
      max: apiLimits.slowBodiesPerUserMax,
      refusal: (user, count) => tooManyRequests(`user ${user} is sending ${count} bodies slowly`),
    }),
  }
  // One listener for all requests: a signal composed for each would cost more than most requests.
  const underWay = new Set<AbortController>()
  access.closing.addEventListener('abort', () => {
    for (const abort of underWay) abort.abort(access.closing.reason)
  })
  return async (request, response, path) => {
    const abort = new AbortController()
    const turn = new RequestTurn(turns, response)
    underWay.add(abort)
    response.once('close', () => {
      turn.leave()
      underWay.delete(abort)
      abort.abort(new Error('the client has gone'))
    })
    const { signal } = abort
    try {
      const user = await identify(access, request)
      if (isProxied(path)) {
        const release = streams.take(user.username)
        return await relay(access, { request, response, path, user, signal }).finally(release)
      }
      const line = readLine(request, path)
      const info = readRequest(line)
      const asking = { user, info, query: line.query, signal }
      await turn.take(asking)
      const body =
        line.method === 'GET' ? {} : await turn.whileRead(readBody(request, line.method), asking)
      const form = /^\/apis?\//.test(path) ? readForm(request.headers.accept) : PLAIN
      const call: Call = { user, request: { ...line, ...body, signal }, info, warnings: [] }
      const outcome = await access.answer(call)
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
      if (signal.aborted && (response.closed || !response.writable)) return
      writeError(response, statusErrorOf(access, error, path))
    }
  }
}

// Few requests are, and every one is asked.
const isProxied = (path: string): boolean =>
  path.includes('/proxy') && readProxiedPath(path.split('?', 1)[0]!) !== undefined

interface Proxied {
  request: IncomingMessage
  response: ServerResponse
  path: string
  user: UserInfo
  signal: AbortSignal
}

/** The body is the other server's to read. */
async function relay(
  access: ClusterAccess,
  { request, response, path, user, signal }: Proxied,
): Promise<void> {
  const call: Call = {
    user,
    request: { ...readLine(request, path, PROXIED_METHODS), signal },
    warnings: [],
  }
  const outcome = await access.answer(call)
  assertDecided(call)
  if (outcome.type !== 'proxy') throw methodNotAllowed()
  await relayRequest({ request, response, outcome, signal })
}

/** `token` stands in for the header where a client cannot set it. */
export async function identify(
  access: ClusterAccess,
  request: IncomingMessage,
  token?: string,
): Promise<UserInfo> {
  const certificate = peerCertificate(request.socket)
  const authorization = request.headers.authorization ?? token
  const { user, staleSeconds } = await access.authenticate({ authorization, certificate })
  if (staleSeconds !== undefined) access.staleToken(user, staleSeconds)
  return impersonate(access.context.authorizer, user, request.headers)
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
