// An API over a bad connection, for a process that may die at any write: calls fail before or after they
// take effect, watches break.
import type { ApiCall, ApiRequest, ApiResponse } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import { conflict } from '#base/errors.ts'
import { type Faults, faultTimes } from './faults.ts'

const expired = {
  type: 'ERROR',
  object: {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message: 'too old resource version',
    reason: 'Expired',
    code: 410,
  },
}

export interface FaultyCallOptions {
  faults: Faults
  clock: Clock
  /** Kills the process that calls. */
  die: () => void
}

export function faultyCall(call: ApiCall, { faults, clock, die }: FaultyCallOptions): ApiCall {
  const pause = (ms: number, { signal }: ApiRequest) => clock.sleep(ms, signal)

  async function* faultyEvents(
    request: ApiRequest,
    events: AsyncIterable<unknown>,
  ): AsyncGenerator<unknown> {
    const where = `watch ${request.path}`
    for await (const event of events) {
      if (faults.strikes('event-late', where))
        await pause(faults.timeMs(faultTimes.eventMs), request)
      if (faults.strikes('watch-stalled', where))
        await pause(faults.timeMs(faultTimes.stallMs), request)
      if (faults.strikes('event-lost', where)) throw new Error('connection reset by the simulation')
      if (faults.strikes('watch-closed', where)) return
      if (faults.strikes('watch-expired', where)) {
        yield expired
        return
      }
      yield event
      if (faults.strikes('event-doubled', where)) yield event
    }
  }

  return async (request): Promise<ApiResponse> => {
    const where = `${request.method} ${request.path}`
    if (faults.strikes('slow-call', where)) await pause(faults.timeMs(faultTimes.callMs), request)
    if (faults.strikes('call-lost', where)) throw new Error('connection refused by the simulation')
    const isUpdate = request.method === 'PUT' || request.method === 'PATCH'
    if (isUpdate && faults.strikes('conflict', where))
      throw conflict({ group: '', resource: 'objects' }, request.path)
    const diesHere =
      request.method !== 'GET' && faults.strikes('process-crash-at-write', where)
        ? faults.oneOf(['before', 'after'])
        : undefined
    if (diesHere === 'before') {
      die()
      throw new Error('the process died before its write')
    }
    const response = await call(request)
    if (diesHere === 'after') die()
    if (response.type === 'watch')
      return { type: 'watch', events: faultyEvents(request, response.events) }
    if (faults.strikes('slow-call', where)) await pause(faults.timeMs(faultTimes.callMs), request)
    if (faults.strikes('answer-lost', where)) throw new Error('connection reset by the simulation')
    return response
  }
}
