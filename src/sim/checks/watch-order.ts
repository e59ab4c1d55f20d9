// Every watcher of a collection sees the same changes in the same order, with none left out.
import type { ApiCall, ApiRequest } from '#base/api-call.ts'
import type { WatchEvent, KubeObject } from '#kinds/object.ts'

/** What one watch has shown: every change after `from` up to `to`. */
interface Span {
  from: number
  to: number
}

interface Collection {
  /** Revisions that some watch has shown, rising. */
  revisions: number[]
  spans: Span[]
}

export function checkWatches(call: ApiCall, report: (problem: string) => void): ApiCall {
  const collections = new Map<string, Collection>()

  const collectionOf = (path: string): Collection => {
    const known = collections.get(path) ?? { revisions: [], spans: [] }
    collections.set(path, known)
    return known
  }

  async function* checked(
    request: ApiRequest,
    events: AsyncIterable<unknown>,
  ): AsyncGenerator<unknown> {
    const collection = collectionOf(request.path)
    const from = Number(request.query.get('resourceVersion'))
    const span: Span = { from, to: from }
    collection.spans.push(span)
    for await (const event of events) {
      const { type, object } = event as WatchEvent<KubeObject>
      if (type !== 'ERROR' && type !== 'BOOKMARK') {
        const problem = shown(collection, span, Number(object.metadata.resourceVersion))
        if (problem !== undefined) report(`watch of ${request.path}: ${problem}`)
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

/** Notes that the watch goes on to `revision`; says what is wrong with that. */
function shown({ revisions, spans }: Collection, span: Span, revision: number): string | undefined {
  const before = span.to
  if (!(revision > before)) return `revision ${revision} came after revision ${before}`
  // Other watches are at most a little ahead, so the place is found from the end.
  let at = revisions.length
  while (at > 0 && revisions[at - 1]! > revision) at--
  if (revisions[at - 1] !== revision) {
    if (spans.some(({ from, to }) => from < revision && revision <= to))
      return `revision ${revision} was not shown to another watch of that time`
    revisions.splice(at++, 0, revision)
  }
  const left = revisions[at - 2] ?? 0
  span.to = revision
  return left > before ? `revision ${left} was left out after ${before}` : undefined
}
