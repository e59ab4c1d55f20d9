// Passes connections and datagrams from 127.0.0.1, or another address of the computer, on to load
// balancers. Lives in edge, so that traffic goes on while the engine is away.
import { type Forward, ForwardedPort, type ForwarderOptions } from './forwarded-port.ts'
import { ForwardedUdpPort } from './forwarded-udp-port.ts'
import { type Listener, listenTcp, listenUdp } from './listen.ts'

export interface ForwarderSet {
  /** Makes the listening ports be as wanted; connections that are open go on in any case. */
  set(forwards: readonly Forward[]): void
  /** Stops listening and ends all connections. */
  close(): void
}

export interface ForwarderSetOptions extends ForwarderOptions {
  /** Where to listen; loopback unless given. */
  host?: string
}

interface OpenPort {
  listener: Listener
  port: ForwardedPort | ForwardedUdpPort
}

const keyOf = ({ hostPort, address, port, protocol = 'TCP' }: Forward) =>
  `${hostPort}/${protocol}>${address}:${port}`

export function createForwarderSet(given: ForwarderSetOptions): ForwarderSet {
  const options = { host: '127.0.0.1', ...given }
  const open = new Map<string, OpenPort>()
  /** Not listened on any more; what is open goes on. */
  const left = new Set<OpenPort['port']>()

  function begin(forward: Forward): OpenPort {
    if (forward.protocol === 'UDP') {
      const port = new ForwardedUdpPort(forward, options)
      const accept: ForwardedUdpPort['accept'] = (...datagram) => port.accept(...datagram)
      return { port, listener: listenUdp(forward, options, accept) }
    }
    const port = new ForwardedPort(forward, options)
    return { port, listener: listenTcp(forward, options, (client) => port.accept(client)) }
  }

  function end(key: string, { listener, port }: OpenPort): void {
    listener.stop()
    open.delete(key)
    // Nothing can be answered through a UDP port that is closed.
    if (port instanceof ForwardedUdpPort) port.destroy()
    else left.add(port)
  }

  function set(forwards: readonly Forward[]): void {
    const wanted = new Map(forwards.map((forward) => [keyOf(forward), forward]))
    for (const port of left) if (port.isIdle) left.delete(port)
    for (const [key, there] of open) if (!wanted.has(key)) end(key, there)
    for (const [key, forward] of wanted) {
      const there = open.get(key)
      if (there === undefined) open.set(key, begin(forward))
      else there.port.update(forward)
    }
  }

  return {
    set,
    close() {
      set([])
      for (const port of left) port.destroy()
    },
  }
}
