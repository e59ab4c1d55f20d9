// Runs inside of a network namespace: connects to ports of its loopback and hands the connections to
// the process that started it. Ends with it.
import { connect, type Socket } from 'node:net'
import type { ConnectAnswer, ConnectRequest } from './namespace-connector.ts'

const LOOPBACKS = ['127.0.0.1', '::1'] as const

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'connection timed out',
  EADDRNOTAVAIL: 'cannot assign requested address',
}

function connectTo(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true })
    // What the other side says first is for the process that gets the connection.
    socket.pause()
    socket.once('connect', () => resolve(socket))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(WORDS[error.code ?? ''] ?? error.message, { cause: error })),
    )
  })
}

async function connectLoopback(port: number): Promise<Socket> {
  const failures: string[] = []
  for (const host of LOOPBACKS) {
    try {
      return await connectTo(host, port)
    } catch (error) {
      failures.push(`${host}: ${(error as Error).message}`)
    }
  }
  throw new Error(`failed to connect to localhost:${port}, ${failures.join(', ')}`)
}

const answer = (message: ConnectAnswer, socket?: Socket) => process.send?.(message, socket)

process.on('message', ({ id, port }: ConnectRequest) => {
  connectLoopback(port).then(
    (socket) => answer({ id }, socket),
    (error: unknown) => answer({ id, problem: (error as Error).message }),
  )
})
process.on('disconnect', () => process.exit(0))
