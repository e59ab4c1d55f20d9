// Every watcher of a collection sees the same changes in the same order, with none left out.
import type { ApiCall, ApiRequest } from '#base/api-call.ts'
import type { WatchEvent, KubeObject } from '#kinds/object.ts'

/** What all watches of one collection have shown so far: revisions in order, and where each is. */
interface Collection {
  revisions: number[]
  places: Map<number, number>
}

export function checkWatches(call: ApiCall, report: (problem: string) => void): ApiCall {
  const collections = new Map<string, Collection>()

  const collectionOf = (path: string): Collection => {
    const known = collections.get(path) ?? { revisions: [], places: new Map<number, number>() }
    collections.set(path, known)
    return known
  }

  async function* checked(
    request: ApiRequest,
    events: AsyncIterable<unknown>,
  ): AsyncGenerator<unknown> {
    const collection = collectionOf(request.path)
    let newest = Number(request.query.get('resourceVersion'))
    for await (const event of events) {
      const { type, object } = event as WatchEvent<KubeObject>
      if (type !== 'ERROR' && type !== 'BOOKMARK') {
        const revision = Number(object.metadata.resourceVersion)
        const problem = follows(collection, newest, revision)
        if (problem !== undefined) report(`watch of ${request.path}: ${problem}`)
        newest = revision
      }
      yield event
    }
  }

  return async (request) => {
    const response = await call(request)
    const { query } = request
    // A watch without a version begins with what there is, in no order of revisions; one with a
    // selector sees only a part.
    const isWhole = query.has('resourceVersion') && !hasSelector(query)
    if (response.type !== 'watch' || !isWhole) return response
    return { type: 'watch', events: checked(request, response.events) }
  }
}

const hasSelector = (query: URLSearchParams): boolean =>
  query.has('labelSelector') || query.has('fieldSelector')

/** Says what is wrong with `revision` coming after `before`. */
function follows(
  { revisions, places }: Collection,
  before: number,
  revision: number,
): string | undefined {
  if (revision <= before) return `revision ${revision} came after revision ${before}`
  const last = revisions.at(-1) ?? 0
  if (!places.has(revision)) {
    if (revision < last) return `revision ${revision} was not shown to a watch that saw ${last}`
    places.set(revision, revisions.length)
    revisions.push(revision)
  }
  const left = revisions[places.get(revision)! - 1]
  return left !== undefined && left > before
    ? `revision ${left} was left out between ${before} and ${revision}`
    : undefined
}
