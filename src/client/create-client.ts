// The typed client over an ApiCall: knows paths, queries and bodies, and nothing of transports.
import type { ApiCall, ApiRequest, ApiResponse } from '#base/api-call.ts'
import type { KubeList, KubeObject, WatchEvent } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { collectionPath, objectPath } from './paths.ts'
import { statusErrorOf } from './status-error.ts'
import type {
  Client,
  DeleteOptions,
  ListOptions,
  Place,
  ResourceClient,
  WatchOptions,
} from './types.ts'

type QueryValue = string | number | boolean | undefined

function queryOf(values: Record<string, QueryValue>): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== '') query.set(name, String(value))
  return query
}

const listQuery = (options: ListOptions): Record<string, QueryValue> => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  limit: options.limit,
  continue: options.continue,
  resourceVersion: options.resourceVersion,
})

/** The body of an answer; an answer that says it failed is thrown. */
function bodyOf(request: ApiRequest, response: ApiResponse): unknown {
  if (response.type !== 'object')
    throw new TypeError(
      `${request.method} ${request.path} answered with a stream instead of an object`,
    )
  if (response.status >= 400) throw statusErrorOf(response.status, response.body)
  return response.body
}

async function* watchOf<T>(call: ApiCall, request: ApiRequest): AsyncIterable<WatchEvent<T>> {
  const response = await call(request)
  if (response.type !== 'watch') {
    bodyOf(request, response)
    throw new TypeError(`GET ${request.path} answered with an object instead of a watch`)
  }
  yield* response.events as AsyncIterable<WatchEvent<T>>
}

async function* bytesOf(call: ApiCall, request: ApiRequest): AsyncIterable<Uint8Array> {
  const response = await call(request)
  if (response.type !== 'bytes') {
    bodyOf(request, response)
    throw new TypeError(`GET ${request.path} answered with an object instead of bytes`)
  }
  yield* response.chunks
}

function deleteBody({ gracePeriodSeconds, propagationPolicy, preconditions }: DeleteOptions) {
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
  }
}

function resourceClient<T extends KubeObject>(call: ApiCall, kind: KindRef<T>): ResourceClient<T> {
  const ask = async <R>(request: Omit<ApiRequest, 'query'> & { query?: URLSearchParams }) => {
    const full = { query: new URLSearchParams(), ...request }
    return bodyOf(full, await call(full)) as R
  }
  const placeOf = (object: T): Place => object.metadata
  const put = (object: T, subresource?: string) =>
    ask<T>({ method: 'PUT', path: objectPath(kind, placeOf(object), subresource), body: object })

  return {
    get: (place) => ask<T>({ method: 'GET', path: objectPath(kind, place) }),
    list: (options = {}) =>
      ask<KubeList<T>>({
        method: 'GET',
        path: collectionPath(kind, options.namespace),
        query: queryOf(listQuery(options)),
      }),
    watch: (options: WatchOptions = {}) =>
      watchOf<T>(call, {
        method: 'GET',
        path: collectionPath(kind, options.namespace),
        query: queryOf({
          ...listQuery(options),
          watch: true,
          allowWatchBookmarks: options.allowBookmarks,
        }),
        ...(options.signal ? { signal: options.signal } : {}),
      }),
    create(object, { fieldManager } = {}) {
      const { namespace } = object.metadata
      if (kind.namespaced && !namespace)
        throw new TypeError(`${kind.kind} "${object.metadata.name}" needs metadata.namespace`)
      const path = collectionPath(kind, namespace)
      return ask<T>({ method: 'POST', path, query: queryOf({ fieldManager }), body: object })
    },
    update: (object) => put(object),
    updateStatus: (object) => put(object, 'status'),
    patch: (place, patch, options = {}) =>
      ask<T>({
        method: 'PATCH',
        path: objectPath(kind, place, options.subresource),
        query: queryOf({ fieldManager: options.fieldManager, force: options.force }),
        body: patch,
        patchType: options.type ?? 'application/merge-patch+json',
      }),
    delete: async (place, options = {}) => {
      const path = objectPath(kind, place)
      await ask<unknown>({ method: 'DELETE', path, body: deleteBody(options) })
    },
    subresource: (method, place, name, body, query = {}) =>
      ask({
        method,
        path: objectPath(kind, place, name),
        query: queryOf(query),
        ...(body === undefined ? {} : { body }),
      }),
    stream: (place, name, query, signal) =>
      bytesOf(call, {
        method: 'GET',
        path: objectPath(kind, place, name),
        query: queryOf(query),
        ...(signal ? { signal } : {}),
      }),
  }
}

export function createClient(call: ApiCall): Client {
  return {
    resource: (kind) => resourceClient(call, kind),
    async raw(target) {
      const [path = '', search = ''] = target.split('?')
      const request: ApiRequest = { method: 'GET', path, query: new URLSearchParams(search) }
      const response = await call(request)
      return response.type === 'bytes' ? textOf(response.chunks) : bodyOf(request, response)
    },
  }
}

// Only small documents such as "/readyz" are plain text.
const RAW_TEXT_BYTES_MAX = 1024 * 1024

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > RAW_TEXT_BYTES_MAX)
      throw new RangeError(`an answer is longer than ${RAW_TEXT_BYTES_MAX} bytes`)
    parts.push(chunk)
  }
  return Buffer.concat(parts).toString('utf8')
}
