// A request and its answer without sockets: handlers and unit tests know only these; the join to
// node:http is in node-handler.ts.

/** How a request came here. */
export interface RequestOrigin {
  scheme: 'http' | 'https'
  /** The client's address. */
  remoteAddress: string
  /** The cluster whose gateway it came over; nothing on other listeners. */
  cluster: string | undefined
}

export interface RegistryRequest {
  origin: RequestOrigin
  method: string
  /** As sent, without the query; never normalised, so "..", "%2e" and "//" stay visible. */
  path: string
  query: URLSearchParams
  /** Lower-case names. */
  headers: Record<string, string | undefined>
  /** Throws RequestCut when the client goes away before its end. */
  body: AsyncIterable<Uint8Array>
}

export interface RegistryResponse {
  status: number
  headers: Record<string, string>
  /** A chunk of a stream is valid until the next one is asked for. */
  body?: Uint8Array | AsyncIterable<Uint8Array>
}

/** The client left in the middle of a request's body: what came so far is good. */
export class RequestCut extends Error {
  override readonly name = 'RequestCut'
}

export function jsonResponse(
  value: unknown,
  options: { status?: number; headers?: Record<string, string>; contentType?: string } = {},
): RegistryResponse {
  const body = Buffer.from(JSON.stringify(value))
  return {
    status: options.status ?? 200,
    headers: {
      'Content-Type': options.contentType ?? 'application/json',
      'Content-Length': String(body.length),
      ...options.headers,
    },
    body,
  }
}

export function emptyResponse(
  status: number,
  headers: Record<string, string> = {},
): RegistryResponse {
  return { status, headers: { 'Content-Length': '0', ...headers } }
}
