// A request that asks for another protocol: authenticate, authorize, and pass the connection on.
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { badRequest, StatusError } from '#base/errors.ts'
import { tooManyRequests } from '../api-errors.ts'
import type { RequestAudit } from '../audit/request-audit.ts'
import { impersonate } from '../authentication/impersonate.ts'
import { webSocketToken } from '../authentication/web-socket-token.ts'
import { assertDecided } from '../authorization/assert-decided.ts'
import { checkAccess } from '../authorization/check-access.ts'
import type { Call, Outcome } from '../context.ts'
import { apiLimits } from '../limits.ts'
import { readRequest } from '../request-info.ts'
import {
  authenticate,
  callOf,
  type ClusterAccess,
  readLine,
  statusErrorOf,
} from './handle-request.ts'
import { dialWithin } from '../subresources/dial-within.ts'
import {
  askForUpgrade,
  joinConnections,
  type RelayRequest,
  type RelayTarget,
} from './relay-upgrade.ts'
import { createStreamCounter } from './stream-counter.ts'
import { writeError } from './write-outcome.ts'

/** A request for an upgrade, as Node's HTTP server hands it over. */
export interface UpgradeCall {
  request: IncomingMessage
  socket: Socket
  head: Buffer
}

/** `path` is the one below the cluster's root, with query. */
export type UpgradeHandler = (call: UpgradeCall, path: string) => Promise<void>

/** Whether a request may be upgraded; the others are answered as if they had not asked. */
export function isUpgradable({ url = '/', headers }: IncomingMessage): boolean {
  const [path] = url.split('?', 1)
  const protocol = headers.upgrade?.toLowerCase()
  return (
    (protocol === 'websocket' || protocol === 'spdy/3.1') &&
    (/\/pods\/[^/]+\/(exec|attach|portforward)$/.test(path!) ||
      /\/(pods|services|nodes)\/[^/]+\/proxy(\/|$)/.test(path!) ||
      mayBeRemote(path!))
  )
}

/** Whether another server may serve it: Kubernetes' own groups are served here. */
function mayBeRemote(path: string): boolean {
  const group = /\/apis\/([^/]+)\/[^/]+\/./.exec(path)?.[1]
  return group !== undefined && group.includes('.') && !group.endsWith('.k8s.io')
}

export function createUpgradeHandler(access: ClusterAccess): UpgradeHandler {
  const counter = createStreamCounter({
    max: apiLimits.upgradesPerUserMax,
    refusal: (user, count) =>
      tooManyRequests(
        `user ${user} holds ${count} exec, attach and port-forward sessions open, close some`,
      ),
  })
  const open = new Set<Socket>()
  access.closing.addEventListener('abort', () => {
    for (const socket of open) socket.destroy()
  })
  return async (call, path) => {
    const { request, socket, head } = call
    open.add(socket)
    const arrival = access.auditor.arrived(request, path)
    let audit: RequestAudit | undefined
    let code: number | undefined
    let toPermit: Call | undefined
    socket.once('close', () => {
      open.delete(socket)
      audit?.ended(code)
    })
    try {
      const line = readLine(request, path)
      const info = readRequest(line)
      const { authorization: token } = webSocketToken(protocolLines(request))
      const requester = await authenticate(access, { request, info, arrival, token })
      audit = access.auditor.begin(arrival, requester, info)
      await audit?.received()
      const user = impersonate(access.context.authorizer, requester, request.headers)
      audit?.impersonated(user)
      toPermit = callOf({ user, info, request: line }, audit)
      const { target, asked } = await permit(access, request, toPermit)
      if (socket.destroyed) return
      socket.once('close', counter.take(user.username))
      const answer = await askForUpgrade(access.context.clock, target, asked)
      code = answer.type === 'refused' ? answer.status : (answer.response.statusCode ?? 101)
      audit?.started(code)
      if (answer.type === 'refused') return writeRefusal(call, answer, arrival.auditId)
      if (socket.destroyed) return void answer.connection.destroy()
      socket.write(headOf(answer.response, arrival.auditId))
      if (head.length > 0) socket.unshift(head)
      joinConnections(socket, answer.connection, access.context.clock)
    } catch (error) {
      const status = statusErrorOf(access, error, path)
      audit?.failed(status, !(error instanceof StatusError))
      const response = responseFor(call)
      if (response === undefined) return
      response.setHeader('audit-id', arrival.auditId)
      code = status.code
      audit?.started(code)
      writeError(response, status, toPermit?.warnings)
    } finally {
      // Of a connection that is gone already nobody will tell again.
      if (socket.destroyed) audit?.ended(code)
    }
  }
}

const protocolLines = ({ headersDistinct }: IncomingMessage): string[] | undefined =>
  headersDistinct['sec-websocket-protocol']

/** Who asks and where it leads; throws what the client is to see. */
async function permit(access: ClusterAccess, request: IncomingMessage, call: Call) {
  const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
  const { protocols } = webSocketToken(protocolLines(request))
  const { user, request: line } = call
  const outcome = await access.answer(call)
  assertDecided(call)
  if (outcome.type !== 'upgrade' && outcome.type !== 'proxy')
    throw badRequest('this request cannot be upgraded')
  // A WebSocket always begins with GET: to be allowed to read is not enough to run something.
  const info = call.info ?? readRequest(line)
  const runs = outcome.type === 'upgrade' || (info.type === 'resource' && info.resource === 'nodes')
  if (isWebSocket && runs && info.type === 'resource')
    checkAccess(access.context.authorizer, user, { ...info, verb: 'create' })
  const asked: RelayRequest = {
    method: request.method ?? 'GET',
    headers: {
      ...relayedHeaders(request, protocols),
      ...(outcome.type === 'proxy' ? outcome.identity : undefined),
    },
  }
  return { target: relayTarget(access, outcome), asked }
}

function relayTarget(
  { context }: ClusterAccess,
  outcome: Extract<Outcome, { type: 'upgrade' | 'proxy' }>,
): RelayTarget {
  const { path } = outcome
  if (outcome.type === 'proxy')
    return { host: outcome.hostHeader ?? outcome.host, path, connect: () => outcome.connect() }
  const { node } = outcome
  return { host: node, path, connect: () => dialWithin(context, node) }
}

const RELAYED = [
  'upgrade',
  'x-stream-protocol-version',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
]

/** Nothing of who asks: the agent trusts the connection. */
function relayedHeaders(
  { headersDistinct }: IncomingMessage,
  protocols: readonly string[],
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { connection: 'Upgrade' }
  for (const name of RELAYED) {
    const lines = headersDistinct[name]
    if (lines !== undefined) headers[name] = lines.length === 1 ? lines[0]! : lines
  }
  if (protocols.length > 0) headers['sec-websocket-protocol'] = protocols.join(', ')
  return headers
}

function headOf(
  { statusCode = 101, statusMessage = '', rawHeaders }: IncomingMessage,
  auditId: string,
): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`, `Audit-Id: ${auditId}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

function writeRefusal(
  call: UpgradeCall,
  { status, contentType, body }: { status: number; contentType: string; body: string },
  auditId: string,
): void {
  const response = responseFor(call)
  response?.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'audit-id': auditId,
  })
  response?.end(body)
}

/** An ordinary answer on a connection that was not upgraded; it ends with the answer. */
export function responseFor({ request, socket }: UpgradeCall): ServerResponse | undefined {
  if (socket.destroyed || !socket.writable) return undefined
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.end())
  // What else it sends is not read as requests any more.
  socket.resume()
  return response
}
