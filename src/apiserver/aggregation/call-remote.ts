// A request of a caller in this process to another server: written and read as JSON.
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { ApiRequest, ApiResponse } from '#base/api-call.ts'
import { type StatusReason, StatusError } from '#base/errors.ts'
import type { WatchEvent, KubeObject } from '#kinds/object.ts'
import { isRecord } from '../body.ts'
import type { ProxyOutcome } from '../context.ts'
import { connectionErrorText } from '../outgoing/connection-error.ts'
import { outgoingLimits } from '../outgoing/outgoing-limits.ts'
import { isTrue } from '../request-info.ts'

export async function callRemote(
  outcome: ProxyOutcome,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<ApiResponse> {
  const response = await send(outcome, request, signal)
  const status = response.statusCode ?? 502
  if (status === 200 && isTrue(request.query.get('watch')))
    return { type: 'watch', events: eventsOf(response) }
  const body = JSON.parse(await bounded(response)) as unknown
  if (status >= 400) throw refusal(status, body)
  return { type: 'object', status, body }
}

function send(
  outcome: ProxyOutcome,
  { method, body, patchType }: ApiRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const payload = body === undefined ? '' : JSON.stringify(body)
  const outgoing = outcome.open({
    method,
    path: outcome.path,
    headers: {
      host: outcome.hostHeader ?? outcome.host,
      accept: 'application/json',
      ...(payload === ''
        ? {}
        : {
            'content-type': patchType ?? 'application/json',
            'content-length': String(Buffer.byteLength(payload)),
          }),
      ...outcome.identity,
    },
  })
  const abort = () => outgoing.destroy(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  outgoing.once('close', () => signal.removeEventListener('abort', abort))
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.on('error', (cause) => {
      const [host = '', port] = outcome.host.split(':')
      const why = connectionErrorText(cause, { host, port: Number(port) })
      reject(
        new StatusError('ServiceUnavailable', `error trying to reach service: ${why}`, { cause }),
      )
    })
    outgoing.end(payload)
  })
}

async function bounded(response: IncomingMessage): Promise<string> {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > outgoingLimits.documentBytesMax)
      response.destroy(
        new Error(`the answer is longer than ${outgoingLimits.documentBytesMax} bytes`),
      )
  })
  return text(response)
}

function refusal(code: number, body: unknown): StatusError {
  const { reason, message } = isRecord(body) ? body : {}
  return new StatusError(
    (typeof reason === 'string' && reason !== '' ? reason : 'InternalError') as StatusReason,
    typeof message === 'string' ? message : `the server answered ${code}`,
    { code },
  )
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<WatchEvent<KubeObject>> {
  let rest = ''
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > outgoingLimits.documentBytesMax) throw new Error('an event is too long')
    for (const line of lines)
      if (line.trim() !== '') yield JSON.parse(line) as WatchEvent<KubeObject>
  }
}
