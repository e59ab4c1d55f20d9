// The one error that crosses parts: a Kubernetes `Status` as an exception. Programmer errors are
// the built-in classes; everything a client may see is made by one of the functions below.

/** A machine-readable reason of the Kubernetes API (k8s.io/apimachinery metav1.StatusReason). */
export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'UnsupportedMediaType'
  | 'RequestEntityTooLarge'
  | 'TooManyRequests'
  | 'Timeout'
  | 'ServerTimeout'
  | 'ServiceUnavailable'
  | 'InternalError'
  /** An error that Kubernetes gives no reason for. */
  | 'Unknown'

export const STATUS_CODES: Record<StatusReason, number> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  Unknown: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 504,
}

export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface ErrorDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

export class StatusError extends Error {
  readonly reason: StatusReason
  readonly code: number
  readonly details: ErrorDetails | undefined
  /** The token that a list goes on with, although its version is gone. */
  readonly continueToken: string | undefined

  constructor(
    reason: StatusReason,
    message: string,
    options: {
      details?: ErrorDetails
      cause?: unknown
      code?: number
      continueToken?: string
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StatusError'
    this.reason = reason
    this.code = options.code ?? STATUS_CODES[reason]
    this.details = options.details
    this.continueToken = options.continueToken
  }
}

/** Whether `error` is a StatusError with this reason. */
export function isReason(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason
}

export interface ResourceName {
  group: string
  /** The plural, such as "pods". */
  resource: string
}

/** "deployments.apps", or "pods" for the core group: how messages name a resource. */
export function qualifiedResource({ group, resource }: ResourceName): string {
  return group === '' ? resource : `${resource}.${group}`
}

const detailsOf = ({ group, resource }: ResourceName, name: string): ErrorDetails => ({
  name,
  ...(group === '' ? {} : { group }),
  kind: resource,
})

export function notFound(resource: ResourceName, name: string): StatusError {
  return new StatusError('NotFound', `${qualifiedResource(resource)} "${name}" not found`, {
    details: detailsOf(resource, name),
  })
}

export function alreadyExists(resource: ResourceName, name: string): StatusError {
  return new StatusError(
    'AlreadyExists',
    `${qualifiedResource(resource)} "${name}" already exists`,
    { details: detailsOf(resource, name) },
  )
}

export function conflict(resource: ResourceName, name: string, why?: string): StatusError {
  const because =
    why ??
    'the object has been modified; please apply your changes to the latest version and try again'
  return new StatusError(
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(resource)} "${name}": ${because}`,
    { details: detailsOf(resource, name) },
  )
}

export function badRequest(message: string, cause?: unknown): StatusError {
  return new StatusError('BadRequest', message, cause === undefined ? {} : { cause })
}
