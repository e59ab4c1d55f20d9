// Turns a `Status` object of the API into the StatusError that everything above a client expects.
import { type ErrorDetails, STATUS_CODES, StatusError, type StatusReason } from '#base/errors.ts'

const isReasonName = (reason: unknown): reason is StatusReason =>
  typeof reason === 'string' && Object.hasOwn(STATUS_CODES, reason)

const REASONS_BY_CODE = new Map<number, StatusReason>([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [406, 'NotAcceptable'],
  [409, 'Conflict'],
  [410, 'Expired'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
])

/** The error in an answer with status `code`, whose body should be a Status but may be anything. */
export function statusErrorOf(code: number, body: unknown): StatusError {
  const status = (typeof body === 'object' && body !== null ? body : {}) as {
    reason?: unknown
    message?: unknown
    details?: ErrorDetails
  }
  const reason = isReasonName(status.reason)
    ? status.reason
    : (REASONS_BY_CODE.get(code) ?? 'InternalError')
  const text = typeof body === 'string' && body.trim() !== '' ? body.trim().slice(0, 500) : ''
  const message =
    typeof status.message === 'string' && status.message !== ''
      ? status.message
      : text || `the server answered ${code}`
  return new StatusError(reason, message, {
    code,
    ...(status.details ? { details: status.details } : {}),
  })
}
