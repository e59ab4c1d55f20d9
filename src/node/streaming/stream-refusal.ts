import { StatusError } from '#base/errors.ts'
import { RuntimeError } from '../runtime/runtime.ts'

/** Why a stream is not opened, as the kubelet says it: an HTTP status and a line of text. */
export class StreamRefusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = 'StreamRefusal'
    this.status = status
    this.headers = headers
  }
}

/** k8s.io/kubelet/pkg/cri/streaming/errors.go, and what a runtime that is away answers. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  NotFound: 404,
  ResourceExhausted: 429,
  Unavailable: 503,
  DeadlineExceeded: 504,
}

export function refusalOf(error: unknown): StreamRefusal {
  if (error instanceof StreamRefusal) return error
  if (error instanceof StatusError) return new StreamRefusal(error.code, error.message)
  const { message } = error as Error
  if (error instanceof RuntimeError)
    return new StreamRefusal(STATUS_OF_CODE[error.code] ?? 500, message)
  return new StreamRefusal(500, message)
}
