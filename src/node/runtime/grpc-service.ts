// Calls of gRPC services over a Unix socket, as promises. Kept narrow: unary calls and one stream.
import {
  type Client as GrpcClient,
  type ServiceClientConstructor,
  type ServiceError,
  credentials,
  loadPackageDefinition,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { RuntimeError } from './runtime.ts'

/** Largest message: a list of all containers, or the output of an exec (containerd caps at 16 MiB). */
const MESSAGE_BYTES_MAX = 20 * 1024 * 1024

// 64 bit numbers arrive as strings, so that times in nanoseconds stay exact until we divide them.
const LOAD_OPTIONS = { longs: String, enums: String, defaults: true, bytes: Buffer } as const

export interface GrpcService {
  call<Response>(method: string, request: object, timeoutMs: number): Promise<Response>
  stream<Response>(method: string, request: object, signal: AbortSignal): AsyncIterable<Response>
  close(): void
}

type Callback = (error: ServiceError | null, response: unknown) => void
type UnaryMethod = (request: object, options: { deadline: number }, callback: Callback) => void
interface ServerStream extends AsyncIterable<unknown> {
  cancel(): void
}
type StreamMethod = (request: object) => ServerStream

function constructorAt(file: URL, serviceName: string): ServiceClientConstructor {
  let found: unknown = loadPackageDefinition(loadSync(file.pathname, LOAD_OPTIONS))
  for (const part of serviceName.split('.')) found = (found as Record<string, unknown>)[part]
  return found as ServiceClientConstructor
}

const codeName = (code: number): string => {
  const name = status[code] ?? 'UNKNOWN'
  // gRPC for Go, and so every message users know, writes NOT_FOUND as "NotFound".
  return name
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

export function asRuntimeError(error: unknown): RuntimeError {
  const { code, details, message } = error as ServiceError
  return new RuntimeError(codeName(code ?? status.UNKNOWN), details || message, { cause: error })
}

export interface GrpcServiceOptions {
  file: URL
  /** "package.Service". */
  name: string
  socketPath: string
  /** The time, for deadlines. */
  now: () => number
}

export function grpcService(options: GrpcServiceOptions): GrpcService {
  const Service = constructorAt(options.file, options.name)
  const client: GrpcClient = new Service(
    `unix:${options.socketPath}`,
    credentials.createInsecure(),
    {
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      // A runtime that comes back must be found at once: it is a local socket, nothing to spare.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
      // Each agent has a runtime of its own; a shared channel would tie their failures together.
      'grpc.use_local_subchannel_pool': 1,
    },
  )
  const methods = client as unknown as Record<string, unknown>
  return {
    call: <Response>(method: string, request: object, timeoutMs: number) =>
      new Promise<Response>((resolve, reject) => {
        const unary = (methods[method] as UnaryMethod).bind(client)
        unary(request, { deadline: options.now() + timeoutMs }, (error, response) =>
          error === null ? resolve(response as Response) : reject(asRuntimeError(error)),
        )
      }),
    async *stream<Response>(method: string, request: object, signal: AbortSignal) {
      const stream = (methods[method] as StreamMethod).call(client, request)
      const cancel = () => stream.cancel()
      signal.addEventListener('abort', cancel, { once: true })
      try {
        for await (const item of stream) yield item as Response
      } catch (error) {
        if (!signal.aborted) throw asRuntimeError(error)
      } finally {
        signal.removeEventListener('abort', cancel)
      }
    },
    close: () => client.close(),
  }
}
