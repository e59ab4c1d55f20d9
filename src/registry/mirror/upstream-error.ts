// Why an upstream gave nothing, and what a client of ours is told then.
import { RegistryError, type RegistryErrorCode } from '../registry-error.ts'

export type UpstreamProblem =
  /** There is no such thing there. */
  | 'unknown'
  /** It does not let us: the repository is private, or not there, which registries do not tell apart. */
  | 'denied'
  /** Too many requests. */
  | 'limited'
  | 'unreachable'
  /** Too slow. */
  | 'timeout'
  /** It answers what no registry answers: wrong bytes, a web page, a token service that is not its own. */
  | 'untrue'
  /** An image in a format that is not served here. */
  | 'unsupported'
  /** We were told not to ask. */
  | 'offline'
  /** We ask as much as we may already. */
  | 'busy'

export class UpstreamError extends Error {
  readonly problem: UpstreamProblem
  /** How long there is no use in asking again. */
  readonly retryAfterMs: number | undefined

  constructor(
    problem: UpstreamProblem,
    message: string,
    options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'UpstreamError'
    this.problem = problem
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Whether it says that the upstream does not work, and not only that it has not got something. */
export const isFailure = ({ problem }: UpstreamError): boolean =>
  problem === 'unreachable' || problem === 'timeout' || problem === 'untrue'

/** What is asked for, as the error codes of the distribution spec tell it apart. */
export type Asked = 'manifest' | 'blob' | 'repository'

const unknownCodes: Record<Asked, RegistryErrorCode> = {
  manifest: 'MANIFEST_UNKNOWN',
  blob: 'BLOB_UNKNOWN',
  repository: 'NAME_UNKNOWN',
}

/** 401 and 403 would make clients look for a mistake in what they logged in with here. */
const answers: Record<
  UpstreamProblem,
  { status: number; code: RegistryErrorCode | 'by what is asked' }
> = {
  unknown: { status: 404, code: 'by what is asked' },
  denied: { status: 404, code: 'NAME_UNKNOWN' },
  unsupported: { status: 404, code: 'MANIFEST_UNKNOWN' },
  offline: { status: 404, code: 'by what is asked' },
  limited: { status: 429, code: 'TOOMANYREQUESTS' },
  busy: { status: 503, code: 'TOOMANYREQUESTS' },
  unreachable: { status: 502, code: 'UNKNOWN' },
  untrue: { status: 502, code: 'UNKNOWN' },
  timeout: { status: 504, code: 'UNKNOWN' },
}

export function asRegistryError(error: UpstreamError, asked: Asked): RegistryError {
  const { status, code } = answers[error.problem]
  const seconds =
    error.retryAfterMs === undefined ? undefined : Math.ceil(error.retryAfterMs / 1000)
  return new RegistryError(
    code === 'by what is asked' ? unknownCodes[asked] : code,
    error.message,
    {
      status,
      ...(seconds !== undefined && { headers: { 'Retry-After': String(Math.max(1, seconds)) } }),
      cause: error,
    },
  )
}
