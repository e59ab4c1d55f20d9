import net from 'node:net'
import { dialError } from './dial-error.ts'
import type { ProbeResult } from './prober.ts'

/** A container is well when it takes a connection. */
export function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: timeoutMs })
    const end = (result: ProbeResult) => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => end({ ok: true, output: '' }))
    socket.once('timeout', () =>
      end({ ok: false, output: `dial tcp ${host}:${port}: i/o timeout` }),
    )
    socket.once('error', (error) => end({ ok: false, output: dialError(error, host, port) }))
  })
}
