// What a server says is what its disk has: no answer rests on what could still be lost, lists are whole,
// and every watcher is shown each change once, in order.
import type { ApiCall, ApiRequest, ApiResponse } from '#base/api-call.ts'
import type { KubeList, KubeObject, WatchEvent } from '#kinds/object.ts'
import type { Collection, DurableState } from '../api/durable-state.ts'
import { collectionOfPath } from './collection-path.ts'

export function servedTruth(
  call: ApiCall,
  state: DurableState,
  report: (problem: string) => void,
): ApiCall {
  const say = (request: ApiRequest, problem: string) =>
    report(`${state.name}: ${request.method} ${request.path}: ${problem}`)

  async function* watched(
    request: ApiRequest,
    events: AsyncIterable<unknown>,
    collection: Collection,
  ): AsyncGenerator<unknown> {
    const from = Number(request.query.get('resourceVersion'))
    const reader = new HistoryReader(collection, from)
    for await (const event of events) {
      const problem = reader.shown(event as WatchEvent<KubeObject>)
      if (problem !== undefined) say(request, problem)
      yield event
    }
  }

  return async (request) => {
    const response = await call(request)
    if (response.type === 'watch') {
      const collection = followedCollection(request, state)
      return collection === undefined
        ? response
        : { type: 'watch', events: watched(request, response.events, collection) }
    }
    const problem = response.type === 'object' ? problemOf(request, response, state) : undefined
    if (problem !== undefined) say(request, problem)
    return response
  }
}

/** Undefined for a watch of which nobody can say what it must show. */
function followedCollection(request: ApiRequest, state: DurableState): Collection | undefined {
  const prefix = collectionOfPath(request.path)
  // One without a version begins with what there is, in no order of revisions.
  const isWhole = request.query.has('resourceVersion') && !hasSelector(request.query)
  return prefix === undefined || !isWhole ? undefined : state.collection(prefix)
}

const hasSelector = (query: URLSearchParams): boolean =>
  query.has('labelSelector') || query.has('fieldSelector')

type ObjectResponse = Extract<ApiResponse, { type: 'object' }>

function problemOf(
  request: ApiRequest,
  { status, body }: ObjectResponse,
  state: DurableState,
): string | undefined {
  if (status >= 400) return undefined
  const { metadata, items } = body as Partial<KubeList<KubeObject>>
  const revision = Number(metadata?.resourceVersion ?? 0)
  if (revision > state.revision)
    return `the answer has revision ${revision}, and the disk has only ${state.revision}`
  const prefix = collectionOfPath(request.path)
  const isWhole =
    items !== undefined &&
    prefix !== undefined &&
    !hasSelector(request.query) &&
    !metadata?.continue &&
    !request.query.has('continue')
  // An older list would have to be held against an older state.
  if (!isWhole || revision !== state.revision) return undefined
  return listProblem(items, state.collection(prefix))
}

function listProblem(items: readonly KubeObject[], { current }: Collection): string | undefined {
  if (items.length !== current.size)
    return `the list has ${items.length} objects, and the disk ${current.size}`
  const revisions = new Set(current.values())
  const wrong = items.find(({ metadata }) => !revisions.has(Number(metadata.resourceVersion)))
  return wrong && `the list has a version of ${wrong.metadata.name} that is not the newest`
}

/** Reads one watch along the history of its collection. */
export class HistoryReader {
  readonly #collection: Collection
  #next: number
  #revision: number

  constructor(collection: Collection, from: number) {
    this.#collection = collection
    this.#revision = from
    const { history } = collection
    let low = 0
    let high = history.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (history[middle]!.revision > from) high = middle
      else low = middle + 1
    }
    this.#next = low
  }

  /** Takes note of an event; says what is wrong with its coming now. */
  shown({ type, object }: WatchEvent<KubeObject>): string | undefined {
    if (type === 'ERROR') return undefined
    const revision = Number(object.metadata.resourceVersion)
    const due = this.#collection.history[this.#next]
    if (type === 'BOOKMARK')
      return due !== undefined && revision >= due.revision
        ? `a bookmark says ${revision}, and revision ${due.revision} was not shown`
        : undefined
    if (revision <= this.#revision)
      return `revision ${revision} was shown after revision ${this.#revision}`
    if (due === undefined) return `revision ${revision} was shown, and the disk does not have it`
    if (due.revision !== revision)
      return `revision ${revision} was shown, and ${due.revision} left out`
    if (due.isDelete !== (type === 'DELETED')) return `revision ${revision} was shown as ${type}`
    this.#revision = revision
    this.#next++
    return undefined
  }
}
