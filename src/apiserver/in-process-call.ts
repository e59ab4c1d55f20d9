import type { ApiCall, ApiRequest, ApiResponse, UserInfo } from '#base/api-call.ts'
import { callRemote } from './aggregation/call-remote.ts'
import { upgradeRequired } from './api-errors.ts'
import { assertDecided } from './authorization/assert-decided.ts'
import type { Call, Outcome, ServerRequest } from './context.ts'
import { shown } from './resources.ts'
import { watchStream } from './watch/watch-stream.ts'

/** The API for a caller in this process: objects pass as they are, frozen, never serialised. */
export function inProcessCall(
  answer: (call: Call) => Promise<Outcome>,
  user: UserInfo,
  options: { closing: AbortSignal; watchQueueEventsMax: number; userAgent: string },
): ApiCall {
  const { closing, watchQueueEventsMax, userAgent } = options
  return async (request) => {
    const signal =
      request.signal === undefined ? closing : AbortSignal.any([request.signal, closing])
    signal.throwIfAborted()
    const warnings: string[] = []
    const call: Call = { user, request: serverRequest(request, { signal, userAgent }), warnings }
    const outcome = await answer(call)
    assertDecided(call)
    if (outcome.type === 'proxy' && outcome.identity !== undefined)
      return callRemote(outcome, request, signal)
    const response = responseOf(outcome, { signal, watchQueueEventsMax })
    return response.type === 'object' && warnings.length > 0 ? { ...response, warnings } : response
  }
}

function serverRequest(
  request: ApiRequest,
  { signal, userAgent }: { signal: AbortSignal; userAgent: string },
): ServerRequest {
  const { method, path, query, body, patchType } = request
  return {
    method,
    path,
    query,
    signal,
    userAgent,
    ...(body === undefined ? {} : { body: { type: 'value' as const, value: asJson(body) } }),
    ...(patchType === undefined ? {} : { patchType }),
  }
}

/** What JSON would make of a value: a field that is `undefined` is not there. */
function asJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(asJson)
  const out: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value))
    if (field !== undefined) out[key] = asJson(field)
  return out
}

function responseOf(
  outcome: Outcome,
  { signal, watchQueueEventsMax }: { signal: AbortSignal; watchQueueEventsMax: number },
): ApiResponse {
  switch (outcome.type) {
    case 'object':
      return { type: 'object', status: outcome.status, body: outcome.object }
    case 'list': {
      const { resource, items, metadata } = outcome
      const { listKind: kind, apiVersion } = resource
      const objects = items.map(({ object }) => shown(resource, object))
      return { type: 'object', status: 200, body: { kind, apiVersion, metadata, items: objects } }
    }
    case 'watch':
      return {
        type: 'watch',
        events: watchStream(outcome.open, { signal, queueEventsMax: watchQueueEventsMax }),
      }
    case 'bytes':
      return outcome
    case 'upgrade':
    case 'proxy':
      throw upgradeRequired()
    case 'document': {
      const { status, contentType, text } = outcome
      if (contentType.startsWith('application/json'))
        return { type: 'object', status, body: JSON.parse(text) as unknown }
      return { type: 'bytes', status, contentType, chunks: once(text) }
    }
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
