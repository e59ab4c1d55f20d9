// Errors that only the API server makes, in the words of Kubernetes.
import type { ErrorDetails, ResourceName, StatusCause, StatusReason } from '#base/errors.ts'
import { qualifiedResource, StatusError } from '#base/errors.ts'
import type { FieldError } from '#kinds/definition.ts'
import type { Status } from '#kinds/object.ts'

export interface GroupKind {
  group: string
  kind: string
}

const causeOf = ({ reason, message, field }: FieldError): StatusCause => ({
  reason,
  message,
  field,
})

export function invalidObject(
  { group, kind }: GroupKind,
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const qualified = group === '' ? kind : `${kind}.${group}`
  // Equal errors are said once but listed as often as they occur, as Kubernetes does.
  const messages = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))]
  const text = messages.length === 1 ? messages[0]! : `[${messages.join(', ')}]`
  const details: ErrorDetails = {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(kind === '' ? {} : { kind }),
    causes: errors.map(causeOf),
  }
  return new StatusError('Invalid', `${qualified} "${name}" is invalid: ${text}`, { details })
}

/** An option of the request itself: `kind` is "ListOptions", "DeleteOptions", ... */
export function invalidOption(kind: string, error: FieldError): StatusError {
  return invalidObject({ group: 'meta.k8s.io', kind }, '', [error])
}

export function forbidden(
  resource: ResourceName,
  name: string,
  why: string,
  causes?: StatusCause[],
): StatusError {
  const subject = name === '' ? '' : ` "${name}"`
  const details: ErrorDetails = {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.resource,
    ...(causes === undefined ? {} : { causes }),
  }
  return new StatusError(
    'Forbidden',
    `${qualifiedResource(resource)}${subject} is forbidden: ${why}`,
    { details },
  )
}

export const methodNotAllowed = (): StatusError =>
  new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    { details: {} },
  )

/** Only a connection that becomes another protocol can carry what was asked for. */
export const upgradeRequired = (): StatusError =>
  new StatusError('BadRequest', 'Upgrade request required')

export const unknownResource = (): StatusError =>
  new StatusError('NotFound', 'the server could not find the requested resource', { details: {} })

/** A path outside the API: answered as plain text. */
export class PathNotFoundError extends StatusError {
  constructor() {
    super('NotFound', '404 page not found')
    this.name = 'PathNotFoundError'
  }
}

/** What failed on our side, or on that of whom we asked. */
export const internalError = (message: string, cause?: unknown): StatusError =>
  new StatusError('InternalError', `Internal error occurred: ${message}`, {
    details: { causes: [{ message }] },
    cause,
  })

/** A refusal in the words of somebody else, such as a webhook: its Status goes to the client as it is. */
export class GivenStatusError extends StatusError {
  readonly status: Omit<Status, 'apiVersion' | 'kind' | 'metadata' | 'status'>

  constructor(status: GivenStatusError['status']) {
    const { reason, message = '', code, details } = status
    super((reason || 'Unknown') as StatusReason, message, { code, ...(details && { details }) })
    this.name = 'GivenStatusError'
    this.status = status
  }
}

export const unauthorized = (cause?: unknown): StatusError =>
  new StatusError('Unauthorized', 'Unauthorized', cause === undefined ? {} : { cause })

export function unsupportedBody(accepted: readonly string[]): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )
}

export const notAcceptable = (accepted: readonly string[]): StatusError =>
  new StatusError(
    'NotAcceptable',
    `406: Not Acceptable\n\nAvailable representations: ${accepted.join(', ')}`,
    { details: {} },
  )

export function versionTooLarge(asked: number, current: number): StatusError {
  return new StatusError(
    'Timeout',
    `Timeout: Too large resource version: ${asked}, current: ${current}`,
    {
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    },
  )
}

export const expired = (message: string): StatusError => new StatusError('Expired', message)

export const tooManyRequests = (message: string): StatusError =>
  new StatusError('TooManyRequests', message, { details: { retryAfterSeconds: 1 } })

/** What cannot be read as the object it should be. */
export function cannotBeHandled(kind: string, version: string, why: string): StatusError {
  return new StatusError(
    'BadRequest',
    `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`,
  )
}

export function statusOf(error: StatusError): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: error.continueToken === undefined ? {} : { continue: error.continueToken },
    status: 'Failure',
    message: error.message,
    ...(error.reason === 'Unknown' ? {} : { reason: error.reason }),
    ...(error.details === undefined ? {} : { details: error.details }),
    code: error.code,
  }
}

export function successStatus(
  code: number | undefined,
  details?: Status['details'],
): Omit<Status, 'code'> & { code?: number } {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details }),
    ...(code === undefined ? {} : { code }),
  }
}
