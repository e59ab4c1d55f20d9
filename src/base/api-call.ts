// A call of a Kubernetes API without a socket: what the API server answers and the client asks.
// Both sides know only this file, so that main can join them in one process.

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml'

export interface UserInfo {
  username: string
  uid?: string
  groups: string[]
  extra?: Record<string, string[]>
}

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path below the cluster's root, without query: "/api/v1/namespaces/default/pods". */
  path: string
  query: URLSearchParams
  /** A parsed body. Never changed by the receiver. */
  body?: unknown
  /** For PATCH: which kind of patch `body` is. */
  patchType?: PatchType
  signal?: AbortSignal
}

export type ApiResponse =
  /** `warnings` are texts of Warning headers, if there are any. */
  | { type: 'object'; status: number; body: unknown; warnings?: readonly string[] }
  /** A watch: ends when the server closes it or the request's signal aborts. */
  | { type: 'watch'; events: AsyncIterable<unknown> }
  /** Text such as a log; ends when it is complete or the request's signal aborts. */
  | { type: 'bytes'; status: number; contentType: string; chunks: AsyncIterable<Uint8Array> }

/**
 * Asks one logical cluster. Rejects with a StatusError when the server says so and with another
 * error when it could not be asked. Objects in answers are shared: never change them.
 */
export type ApiCall = (request: ApiRequest) => Promise<ApiResponse>
