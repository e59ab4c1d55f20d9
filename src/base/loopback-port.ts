import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

export type LoopbackProtocol = 'tcp' | 'udp'

/** Whether nothing listens on this port of 127.0.0.1 now. */
export function isLoopbackPortFree(
  port: number,
  protocol: LoopbackProtocol = 'tcp',
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const free = () => resolve(true)
    const failed = (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error)
    if (protocol === 'udp') {
      const probe = createSocket('udp4').once('error', failed)
      probe.bind({ port, address: '127.0.0.1', exclusive: true }, () => probe.close(free))
    } else {
      const probe = createServer().once('error', failed)
      probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(free))
    }
  })
}
