// Whether a containerd answers, and answers as a container runtime.
import { connect } from 'node:net'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import type { Clock } from '#base/clock.ts'

const CONNECT_TIMEOUT_MS = 1_000
const CALL_TIMEOUT_MS = 10_000

/** Whether something listens on a Unix socket. */
export function answersOnSocket(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const done = (answers: boolean) => {
      socket.destroy()
      resolve(answers)
    }
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => done(false))
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}

/**
 * Asks for CRI's version; false while containerd still starts. It also runs when a plugin of it could not
 * load: then it answers, but knows no such service. The request is an empty message, which needs no schema.
 */
export async function servesPods(socketPath: string, clock: Clock): Promise<boolean> {
  const client = new Client(`unix://${socketPath}`, credentials.createInsecure())
  try {
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(
        '/runtime.v1.RuntimeService/Version',
        () => Buffer.alloc(0),
        (response: Buffer) => response,
        undefined,
        { deadline: new Date(clock.now() + CALL_TIMEOUT_MS) },
        (error) => (error === null ? resolve() : reject(error)),
      )
    })
    return true
  } catch (cause) {
    if ((cause as ServiceError).code !== status.UNIMPLEMENTED) return false
    throw new Error(`containerd on ${socketPath} does not serve pods`, { cause })
  } finally {
    client.close()
  }
}
