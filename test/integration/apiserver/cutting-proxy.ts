// A TCP proxy whose connections break off after a random while, without a word.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Random } from '#base/random.ts'

export interface CuttingProxyOptions {
  /** Where the server listens on 127.0.0.1. */
  port: number
  random: Random
  /** How long a connection may live. */
  lifeMs: { min: number; max: number }
}

export interface CuttingProxy {
  port: number
  /** Connections cut so far. */
  readonly cuts: number
  /** From now on connections stay. */
  calm(): void
  close(): void
}

export async function startCuttingProxy(options: CuttingProxyOptions): Promise<CuttingProxy> {
  const { port, random, lifeMs } = options
  const open = new Set<Socket>()
  const timers = new Set<NodeJS.Timeout>()
  let cuts = 0
  let isCalm = false
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.once('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
    if (isCalm) return
    const life = lifeMs.min + random.next() * (lifeMs.max - lifeMs.min)
    const timer = setTimeout(() => {
      timers.delete(timer)
      if (isCalm || near.destroyed) return
      cuts++
      near.resetAndDestroy()
    }, life)
    timers.add(timer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts
    },
    calm: () => void (isCalm = true),
    close() {
      for (const timer of timers) clearTimeout(timer)
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}
