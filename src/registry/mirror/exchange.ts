// One HTTP request to an upstream and the head of its answer. Nothing is followed, decoded or repeated
// here; node-exchange.ts does it over sockets, tests without.
import type { AddressClass } from './address-class.ts'

export interface ExchangeRequest {
  method: 'GET' | 'HEAD'
  url: URL
  headers: Readonly<Record<string, string>>
  /** Where the host may lead; nothing for anywhere: the operator named it. */
  reachable?: readonly AddressClass[] | undefined
  /** Ends the request, and the body of its answer, with its reason. */
  signal: AbortSignal
}

export interface ExchangeResponse {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  /** Of the server that answered. */
  addressClass: AddressClass
  /** Ends with an error when less came than was announced. Must be read to its end, or left. */
  body: AsyncIterable<Uint8Array>
}

/** Rejects with an UpstreamError `unreachable`, or with the signal's reason. */
export type Exchange = (request: ExchangeRequest) => Promise<ExchangeResponse>
