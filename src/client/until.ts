// Waits for one object to be as wished, with a deadline: what commands and tests wait with.
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { statusErrorOf } from './status-error.ts'
import type { Client, Place } from './types.ts'

export interface UntilTarget<T extends KubeObject> {
  client: Client
  kind: KindRef<T>
  place: Place
}

export interface UntilOptions {
  timeoutMs: number
  clock: Clock
  /** What is waited for, for the message when time is up: "become Ready". */
  what?: string
}

// Pause before the object is read anew after a watch that ended or broke.
const RETRY_MS = 200

/**
 * Resolves with the object as soon as `predicate` holds for it; it gets undefined while there is no such
 * object. Rejects with Timeout at the deadline, and at once with an error of the predicate or one
 * that waiting does not mend.
 */
export async function until<T extends KubeObject>(
  target: UntilTarget<T>,
  predicate: (object: T | undefined) => boolean,
  options: UntilOptions,
): Promise<T | undefined> {
  const { clock } = options
  const abort = new AbortController()
  let lastFailure: unknown
  const expired = new Promise<never>((_resolve, reject) => {
    abort.signal.addEventListener('abort', () => reject(timeoutError(target, options, lastFailure)))
  })
  const timer = clock.after(options.timeoutMs, () => abort.abort())
  const follow = async () => {
    while (!abort.signal.aborted) {
      const states = statesOf(target, abort.signal, (error) => (lastFailure = error))
      for await (const object of states) if (predicate(object)) return object
      await clock.sleep(RETRY_MS, abort.signal)
    }
    return undefined
  }
  try {
    return await Promise.race([follow(), expired])
  } finally {
    timer.cancel()
    // Ends the watch; nobody listens to `expired` any more.
    expired.catch(() => undefined)
    abort.abort()
  }
}

/** What the object looks like now and after each change, until the watch ends or breaks. */
async function* statesOf<T extends KubeObject>(
  { client, kind, place }: UntilTarget<T>,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): AsyncGenerator<T | undefined, void> {
  const resource = client.resource(kind)
  const scope = { namespace: place.namespace, fieldSelector: `metadata.name=${place.name}` }
  try {
    const { items, metadata } = await resource.list(scope)
    yield items[0]
    const { resourceVersion = '' } = metadata
    for await (const event of resource.watch({ ...scope, resourceVersion, signal })) {
      if (event.type === 'ERROR') throw statusErrorOf(event.object.code, event.object)
      if (event.type !== 'BOOKMARK') yield event.type === 'DELETED' ? undefined : event.object
    }
  } catch (error) {
    if (!signal.aborted && !mayPass(error)) throw error
    onFailure(error)
  }
}

const LASTING_CODES = new Set([400, 401, 403, 404, 405, 406, 415, 422])

const mayPass = (error: unknown): boolean =>
  !(error instanceof StatusError && LASTING_CODES.has(error.code))

function timeoutError<T extends KubeObject>(
  { kind, place }: UntilTarget<T>,
  { timeoutMs, what = 'be as wished' }: UntilOptions,
  cause: unknown,
): StatusError {
  const name = place.namespace ? `${place.namespace}/${place.name}` : place.name
  return new StatusError(
    'Timeout',
    `${kind.kind} "${name}" did not ${what} within ${timeoutMs / 1000} s`,
    cause === undefined ? {} : { cause },
  )
}
