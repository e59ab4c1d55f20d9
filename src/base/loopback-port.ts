import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

export type LoopbackProtocol = 'tcp' | 'udp'

/** Whether nothing listens on this port of 127.0.0.1 now, or of another address; one that is not there is free. */
export function isLoopbackPortFree(
  port: number,
  protocol: LoopbackProtocol = 'tcp',
  address = '127.0.0.1',
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const free = () => resolve(true)
    const failed = (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE'
        ? resolve(false)
        : error.code === 'EADDRNOTAVAIL'
          ? resolve(true)
          : reject(error)
    if (protocol === 'udp') {
      const probe = createSocket('udp4').once('error', failed)
      probe.bind({ port, address, exclusive: true }, () => probe.close(free))
    } else {
      const probe = createServer().once('error', failed)
      probe.listen({ port, host: address, exclusive: true }, () => probe.close(free))
    }
  })
}
