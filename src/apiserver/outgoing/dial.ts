// The seam by which the API server reaches others: webhooks, aggregated servers, pods and services.
import type { Duplex } from 'node:stream'

export interface DialAddress {
  /** A host name or an IP address. */
  host: string
  port: number
  /**
   * Whether the address came from the cluster: a pod, an endpoint, a node. Whoever may write those must
   * not reach the computer that the API server runs on; a URL is dialled as it stands.
   */
  inCluster: boolean
}

/** Opens a TCP connection. Rejects with Node's error, such as one with the code ECONNREFUSED. */
export type Dial = (address: DialAddress) => Promise<Duplex>

export const noDial: Dial = ({ host, port }) =>
  Promise.reject(
    Object.assign(new Error(`${host}:${port} cannot be reached: this cluster dials nobody`), {
      code: 'ENETUNREACH',
    }),
  )
