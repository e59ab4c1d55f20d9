// A Kubernetes API in memory for unit tests: `fakeApi().call` is an ApiCall with the semantics that
// controllers depend on. Patches are JSON merge patches; an apply patch merges in the same way.
import { isDeepStrictEqual } from 'node:util'
import type { ApiCall, ApiRequest, ApiResponse } from '#base/api-call.ts'
import { type Clock, rfc3339 } from '#base/clock.ts'
import { StatusError, alreadyExists, badRequest, conflict, notFound } from '#base/errors.ts'
import { fakeClock } from '#base/fake-clock.ts'
import { type Random, seededRandom } from '#base/random.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import * as builtIn from '#kinds/refs.ts'
import { discoveryDocument } from './fake-discovery.ts'
import { matcherOf } from './fake-selectors.ts'
import { FakeStore, frozenCopy } from './fake-store.ts'
import { mergePatch } from './merge-patch.ts'
import { type ResourcePath, parseResourcePath } from './paths.ts'
import type { Place } from './types.ts'

export interface FakeApiOptions {
  clock?: Clock
  random?: Random
  /** Kinds that discovery lists beside the built-in ones; calls may use any kind. */
  kinds?: readonly KindRef[]
  /** Objects that are there from the start, status included. */
  objects?: readonly KubeObject[]
}

export interface FakeFailure {
  method?: ApiRequest['method']
  path?: RegExp
  error: Error
  /** How many calls fail; 1 unless given. */
  times?: number
  /** The write happens and only its answer is lost. */
  afterwards?: boolean
}

export interface FakeApi {
  readonly call: ApiCall
  /** Every call made, oldest first. */
  readonly requests: ApiRequest[]
  /** Newest resourceVersion. */
  readonly revision: number
  get<T extends KubeObject>(kind: KindRef<T>, place: Place): T | undefined
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): T[]
  /** Creates or replaces as some other client would, status included and without checks. */
  put<T extends KubeObject>(kind: KindRef<T>, object: T): T
  /** Removes at once, whatever finalizers say. */
  remove(kind: KindRef, place: Place): void
  /** Makes the next calls that match fail. */
  fail(failure: FakeFailure): void
  /** Ends all watches; with an error, as a broken connection. */
  breakWatches(error?: Error): void
  sendBookmarks(): void
  /** Makes every watch from an older version fail with 410. */
  compact(): void
}

interface Draft extends KubeObject {
  spec?: Record<string, unknown>
  status?: unknown
}

const collectionOf = (group: string, plural: string) => `${group}/${plural}`
// Nodes are the one kind whose creator may set status (the kubelet registers itself complete).
const STATUS_ON_CREATE = new Set(['/nodes'])
const GRACE_SECONDS_DEFAULT = 30

class FakeServer {
  readonly store = new FakeStore()
  readonly requests: ApiRequest[] = []
  readonly #failures: (FakeFailure & { left: number })[] = []
  readonly #clock: Clock
  readonly #random: Random
  readonly #customKinds: readonly KindRef[]

  constructor(options: FakeApiOptions) {
    this.#clock = options.clock ?? fakeClock()
    this.#random = options.random ?? seededRandom(1)
    this.#customKinds = options.kinds ?? []
  }

  /** Read anew each time: a test may add kinds while it runs. */
  get #kinds(): readonly KindRef[] {
    return [...Object.values(builtIn), ...this.#customKinds]
  }

  fail(failure: FakeFailure): void {
    this.#failures.push({ ...failure, left: failure.times ?? 1 })
  }

  async call(request: ApiRequest): Promise<ApiResponse> {
    this.requests.push(request)
    if (request.signal?.aborted) throw request.signal.reason as Error
    const failure = this.#failures.find(
      ({ left, method, path }) =>
        left > 0 &&
        (method === undefined || method === request.method) &&
        (path === undefined || path.test(request.path)),
    )
    if (failure) failure.left -= 1
    if (failure && !failure.afterwards) throw failure.error
    const response = this.#answer(request)
    if (failure) throw failure.error
    return response
  }

  #answer(request: ApiRequest): ApiResponse {
    const discovery = discoveryDocument(request.path, this.#kinds)
    if (discovery !== undefined) return { type: 'object', status: 200, body: discovery }
    const path = parseResourcePath(request.path)
    if (!path) throw new StatusError('NotFound', 'the server could not find the requested resource')
    if (request.method === 'GET') return this.#read(path, request)
    const status = request.method === 'POST' ? 201 : 200
    return { type: 'object', status, body: this.#write(path, request) }
  }

  #read(path: ResourcePath, { query, signal }: ApiRequest): ApiResponse {
    if (path.name !== undefined) return { type: 'object', status: 200, body: this.#existing(path) }
    const collection = collectionOf(path.group, path.resource)
    const matches = matcherOf(query, path.namespace)
    if (query.get('watch') === null || query.get('watch') === 'false')
      return { type: 'object', status: 200, body: this.#page(path, query) }
    const version = query.get('resourceVersion') ?? ''
    const after = version === '' || version === '0' ? undefined : Number(version)
    const events = this.store.watch(collection, matches, after)
    signal?.addEventListener('abort', () => events.end(), { once: true })
    return { type: 'watch', events }
  }

  #page(path: ResourcePath, query: URLSearchParams) {
    const all = this.store.list(
      collectionOf(path.group, path.resource),
      matcherOf(query, path.namespace),
    )
    const start = Number(query.get('continue') ?? 0)
    const end = start + Number(query.get('limit') ?? all.length)
    const more = end < all.length
    const kind = this.#kinds.find((k) => k.group === path.group && k.plural === path.resource)
    return {
      apiVersion: path.group === '' ? path.version : `${path.group}/${path.version}`,
      kind: `${kind?.kind ?? all[0]?.kind ?? ''}List`,
      metadata: {
        resourceVersion: String(this.store.revision),
        ...(more ? { continue: String(end), remainingItemCount: all.length - end } : {}),
      },
      items: all.slice(start, end),
    }
  }

  #write(path: ResourcePath, request: ApiRequest): unknown {
    switch (request.method) {
      case 'POST':
        return this.#post(path, request.body)
      case 'PUT':
        return this.#replace(path, request.body as Draft)
      case 'PATCH':
        return this.#patch(path, request)
      case 'DELETE':
        return this.#delete(path, request)
      case 'GET':
        throw new Error('GET does not write')
    }
  }

  #existing(path: ResourcePath): Draft {
    const name = path.name ?? ''
    const collection = collectionOf(path.group, path.resource)
    const found = this.store.get(collection, path.namespace, name)
    if (!found) throw notFound(path, name)
    return found
  }

  #post(path: ResourcePath, body: unknown): unknown {
    if (path.name === undefined) return this.#create(path, body as Draft)
    if (path.subresource === 'binding') return this.#bind(path, body)
    if (path.subresource === 'eviction')
      return this.#remove(path, this.#existing(path), 'Background')
    if (path.subresource === 'token')
      return {
        ...(body as object),
        status: { token: `token of ${this.#existing(path).metadata.name}` },
      }
    throw new StatusError('NotFound', 'the server could not find the requested resource')
  }

  #create(path: ResourcePath, body: Draft): KubeObject {
    const collection = collectionOf(path.group, path.resource)
    const { generateName } = body.metadata
    const name = body.metadata.name || `${generateName ?? ''}${this.#random.suffix(5)}`
    if (this.store.get(collection, path.namespace, name)) throw alreadyExists(path, name)
    const draft: Draft = {
      ...body,
      metadata: {
        ...body.metadata,
        name,
        ...(path.namespace === undefined ? {} : { namespace: path.namespace }),
        uid: this.#random.uuid(),
        creationTimestamp: rfc3339(this.#clock.now()),
        generation: 1,
      },
    }
    if (!STATUS_ON_CREATE.has(collection)) delete draft.status
    if (collection === '/namespaces') {
      draft.spec = { finalizers: ['kubernetes'] }
      draft.status = { phase: 'Active' }
    }
    return this.store.put(collection, draft)
  }

  #bind(path: ResourcePath, body: unknown): unknown {
    const pod = this.#existing(path)
    if (pod.spec?.['nodeName']) throw conflict(path, path.name ?? '', 'pod is already assigned')
    const { target } = body as { target: { name: string } }
    this.store.put('/pods', { ...pod, spec: { ...pod.spec, nodeName: target.name } } as Draft)
    return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success', code: 201 }
  }

  #replace(path: ResourcePath, body: Draft): KubeObject {
    const old = this.#existing(path)
    const { resourceVersion, uid } = body.metadata
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(path, path.name ?? '')
    if (uid !== undefined && uid !== old.metadata.uid) throw conflict(path, path.name ?? '')
    return this.#store(path, old, body)
  }

  #patch(path: ResourcePath, { body, patchType }: ApiRequest): KubeObject {
    const collection = collectionOf(path.group, path.resource)
    const name = path.name ?? ''
    const isApply = patchType === 'application/apply-patch+yaml'
    if (!isApply && patchType !== 'application/merge-patch+json')
      throw new StatusError('UnsupportedMediaType', `the fake API has no ${String(patchType)}`)
    if (isApply && !this.store.get(collection, path.namespace, name))
      return this.#create(path, body as Draft)
    const old = this.#existing(path)
    const merged = mergePatch(old, body) as Draft
    if (merged.metadata.resourceVersion !== old.metadata.resourceVersion) throw conflict(path, name)
    return this.#store(path, old, merged)
  }

  /** Stores what an update of the object or of a subresource may change. */
  #store(path: ResourcePath, old: Draft, wanted: Draft): KubeObject {
    const collection = collectionOf(path.group, path.resource)
    const kept = {
      name: old.metadata.name,
      uid: old.metadata.uid,
      creationTimestamp: old.metadata.creationTimestamp,
      deletionTimestamp: old.metadata.deletionTimestamp,
      deletionGracePeriodSeconds: old.metadata.deletionGracePeriodSeconds,
      namespace: old.metadata.namespace,
      resourceVersion: old.metadata.resourceVersion,
      generation: old.metadata.generation,
    }
    const metadata = { ...wanted.metadata, ...kept }
    let next: Draft = { ...wanted, metadata }
    if (path.subresource === 'status')
      next = { ...old, metadata: old.metadata, status: wanted.status }
    else if (path.subresource === 'finalize') next = { ...old, spec: wanted.spec ?? {} }
    else next = { ...next, status: old.status }
    next = frozenCopy(next)
    if (isDeepStrictEqual(next, old)) return old
    if (!isDeepStrictEqual(next.spec, old.spec))
      next = { ...next, metadata: { ...next.metadata, generation: (kept.generation ?? 0) + 1 } }
    return isFinished(collection, next)
      ? this.store.remove(collection, next)
      : this.store.put(collection, next)
  }

  #delete(path: ResourcePath, { query, body }: ApiRequest): unknown {
    const options = (body ?? {}) as {
      gracePeriodSeconds?: number
      propagationPolicy?: string
      preconditions?: { uid?: string; resourceVersion?: string }
    }
    if (path.name === undefined) {
      const collection = collectionOf(path.group, path.resource)
      for (const object of this.store.list(collection, matcherOf(query, path.namespace)))
        this.#remove({ ...path, namespace: object.metadata.namespace }, object, undefined)
      return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success', code: 200 }
    }
    const old = this.#existing(path)
    const { uid, resourceVersion } = options.preconditions ?? {}
    if (uid !== undefined && uid !== old.metadata.uid)
      throw conflict(path, path.name, `the UID in the precondition (${uid}) does not match`)
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(path, path.name, 'the resourceVersion in the precondition does not match')
    return this.#remove(path, old, options.propagationPolicy, options.gracePeriodSeconds)
  }

  #remove(
    path: ResourcePath,
    old: Draft,
    policy: string | undefined,
    graceSeconds?: number,
  ): KubeObject {
    const collection = collectionOf(path.group, path.resource)
    const grace = graceOf(collection, old, graceSeconds)
    const finalizers = new Set(old.metadata.finalizers)
    if (policy === 'Foreground') finalizers.add('foregroundDeletion')
    if (policy === 'Orphan') finalizers.add('orphan')
    const next: Draft = {
      ...old,
      metadata: {
        ...old.metadata,
        ...(finalizers.size > 0 ? { finalizers: [...finalizers] } : {}),
        deletionTimestamp:
          old.metadata.deletionTimestamp ?? rfc3339(this.#clock.now() + grace * 1000),
        deletionGracePeriodSeconds: grace,
      },
    }
    if (collection === '/namespaces') next.status = { phase: 'Terminating' }
    if (isFinished(collection, next)) return this.store.remove(collection, next)
    if (isDeepStrictEqual(frozenCopy(next), old)) return old
    return this.store.put(collection, next)
  }
}

/** A deletion that was asked for and that nothing holds back any more. */
function isFinished(collection: string, object: Draft): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata
  if (deletionTimestamp === undefined || (finalizers ?? []).length > 0) return false
  if ((deletionGracePeriodSeconds ?? 0) > 0) return false
  const inSpec = object.spec?.['finalizers'] as string[] | undefined
  return collection !== '/namespaces' || (inSpec ?? []).length === 0
}

/** Only a pod that a node runs is given time to end. */
function graceOf(collection: string, object: Draft, wanted: number | undefined): number {
  const { phase } = (object.status ?? {}) as { phase?: string }
  const ended = phase === 'Succeeded' || phase === 'Failed'
  if (collection !== '/pods' || !object.spec?.['nodeName'] || ended) return 0
  const own = object.spec['terminationGracePeriodSeconds'] as number | undefined
  return wanted ?? own ?? GRACE_SECONDS_DEFAULT
}

export function fakeApi(options: FakeApiOptions = {}): FakeApi {
  const server = new FakeServer(options)
  const { store } = server
  const random = seededRandom(2)
  const collection = (kind: KindRef) => collectionOf(kind.group, kind.plural)
  const put = <T extends KubeObject>(kind: KindRef<T>, object: T): T => {
    const { uid = random.uuid(), generation = 1 } = object.metadata
    const metadata = { ...object.metadata, uid, generation }
    return store.put(collection(kind), { ...object, metadata }) as T
  }
  for (const object of options.objects ?? []) {
    const kinds: readonly KindRef[] = [...Object.values(builtIn), ...(options.kinds ?? [])]
    const kind = kinds.find((ref) => ref.kind === object.kind)
    if (!kind) throw badRequest(`the fake API was given no KindRef for ${object.kind}`)
    put(kind, object)
  }
  return {
    call: (request) => server.call(request),
    requests: server.requests,
    get revision() {
      return store.revision
    },
    get: <T extends KubeObject>(kind: KindRef<T>, { namespace, name }: Place) =>
      store.get(collection(kind), kind.namespaced ? namespace : undefined, name) as T | undefined,
    list: <T extends KubeObject>(kind: KindRef<T>, namespace?: string) =>
      store.list(collection(kind), matcherOf(new URLSearchParams(), namespace)) as T[],
    put,
    remove(kind, place) {
      const object = store.get(collection(kind), place.namespace, place.name)
      if (!object) throw notFound({ group: kind.group, resource: kind.plural }, place.name)
      store.remove(collection(kind), object)
    },
    fail: (failure) => server.fail(failure),
    breakWatches: (error) => store.breakWatches(error),
    sendBookmarks: () => store.sendBookmarks(),
    compact: () => store.compact(),
  }
}
