// Asks a gRPC server by the standard health protocol.
import {
  type Client,
  type ServiceClientConstructor,
  type ServiceError,
  credentials,
  makeClientConstructor,
  status,
} from '@grpc/grpc-js'
import { type ServiceDefinition, loadSync } from '@grpc/proto-loader'
import type { ProbeResult } from './prober.ts'

const PROTO = new URL('./health.proto', import.meta.url)
const SERVICE = 'grpc.health.v1.Health'

export interface GrpcTarget {
  host: string
  port: number
  /** Empty asks for the server as a whole. */
  service: string
  timeoutMs: number
  /** The time, for deadlines. */
  now: () => number
}

let health: ServiceClientConstructor | undefined

function healthClient(address: string): Client {
  health ??= makeClientConstructor(
    loadSync(PROTO.pathname, { enums: String, defaults: true })[SERVICE] as ServiceDefinition,
    SERVICE,
  )
  return new health(address, credentials.createInsecure(), {
    'grpc.primary_user_agent': 'kube-probe/1.36',
    'grpc.enable_http_proxy': 0,
    // Each probe finds out anew whether the server takes a connection.
    'grpc.use_local_subchannel_pool': 1,
  })
}

const connected = (client: Client, deadline: number): Promise<boolean> =>
  new Promise((resolve) => client.waitForReady(deadline, (error) => resolve(error === undefined)))

type Check = (
  request: { service: string },
  options: { deadline: number },
  callback: (error: ServiceError | null, response?: { status: string }) => void,
) => void

function failure(error: ServiceError, timeout: string): string {
  const { code, details } = error
  if (code === status.UNIMPLEMENTED)
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`
  if (code === status.DEADLINE_EXCEEDED)
    return `timeout: health rpc did not complete within ${timeout}`
  return `error: health rpc failed: ${error.message}`
}

/** A container is well when the service says that it serves. */
export async function grpcProbe(target: GrpcTarget): Promise<ProbeResult> {
  const { host, port, service, timeoutMs, now } = target
  const address = `${host}:${port}`
  const timeout = `${timeoutMs / 1000}s`
  const deadline = now() + timeoutMs
  const client = healthClient(address)
  try {
    if (!(await connected(client, deadline))) {
      const output = `timeout: failed to connect service "${address}" within ${timeout}: context deadline exceeded`
      return { ok: false, output }
    }
    const check = (client as unknown as Record<string, Check>)['check']!.bind(client)
    return await new Promise<ProbeResult>((resolve) =>
      check({ service }, { deadline }, (error, response) => {
        if (error !== null) return resolve({ ok: false, output: failure(error, timeout) })
        const answer = response?.status ?? 'UNKNOWN'
        const output = `service unhealthy (responded with "${answer}")`
        return resolve(answer === 'SERVING' ? { ok: true, output: '' } : { ok: false, output })
      }),
    )
  } finally {
    client.close()
  }
}
