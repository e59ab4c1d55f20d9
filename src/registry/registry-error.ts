// The errors of the OCI distribution spec, section "Error codes", with the status each is sent
// with. Two codes are not in the spec: UNKNOWN for our own failures, PAGINATION_NUMBER_INVALID
// as clients know it from other registries.

export const registryErrorStatus = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  PAGINATION_NUMBER_INVALID: 400,
  UNKNOWN: 500,
} as const

export type RegistryErrorCode = keyof typeof registryErrorStatus

interface RegistryErrorOptions {
  /** Replaces the code's usual status. */
  status?: number
  headers?: Record<string, string>
  detail?: unknown
  cause?: unknown
}

export class RegistryError extends Error {
  readonly code: RegistryErrorCode
  readonly status: number
  readonly headers: Record<string, string>
  readonly detail: unknown

  constructor(code: RegistryErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RegistryError'
    this.code = code
    this.status = options.status ?? registryErrorStatus[code]
    this.headers = options.headers ?? {}
    this.detail = options.detail
  }
}
