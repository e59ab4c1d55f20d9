// Connections to what pods serve on their loopback. containerd cuts a forwarded connection a second after
// one of its sides has ended, so they are made here (docs/decisions/0012).
import type { Clock } from '#base/clock.ts'
import { NamespaceConnector } from '#linux/namespace-connector.ts'
import type { ForwardedEnd } from './forward-connection.ts'

export class PodConnections {
  readonly #clock: Clock
  /** Those that were used a moment ago, by the file of their network namespace. */
  readonly #connectors = new Map<string, NamespaceConnector>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async open(netnsPath: string, port: number): Promise<ForwardedEnd> {
    const data = await this.#connectorOf(netnsPath).connect(port)
    const closed = new Promise<void>((resolve) => data.once('close', () => resolve()))
    return { data, close: () => data.destroySoon(), closed }
  }

  /** Connections that were made stay. */
  close(): void {
    for (const connector of this.#connectors.values()) connector.close()
    this.#connectors.clear()
  }

  #connectorOf(netnsPath: string): NamespaceConnector {
    const known = this.#connectors.get(netnsPath)
    if (known !== undefined) return known
    const connector = new NamespaceConnector({
      netnsPath,
      clock: this.#clock,
      ended: () => this.#connectors.delete(netnsPath),
    })
    this.#connectors.set(netnsPath, connector)
    return connector
  }
}
