import { StatusError } from '#base/errors.ts'
import type { Random } from '#base/random.ts'
import { forbidden } from '#kinds/validate/field-error.ts'
import { invalidOption, versionTooLarge } from '../api-errors.ts'
import { apiLimits } from '../limits.ts'
import { isTrue } from '../request-info.ts'
import { readInteger } from '../request-options.ts'

export interface WatchOptions {
  /** Events after this revision; undefined: first what is there now. */
  after: number | undefined
  bookmarks: boolean
  /** Mark the end of the initial state with a bookmark (WatchList). */
  markInitialEnd: boolean
  timeoutMs: number
}

export function readWatchOptions(
  query: URLSearchParams,
  current: number,
  random: Random,
): WatchOptions {
  const version = query.get('resourceVersion') ?? ''
  if (version !== '' && !/^\d+$/.test(version))
    throw new StatusError(
      'Unknown',
      `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`,
    )
  const asked = Number(version)
  if (asked > current) throw versionTooLarge(asked, current)
  const sendInitial = isTrue(query.get('sendInitialEvents'))
  const bookmarks = isTrue(query.get('allowWatchBookmarks'))
  checkMatch(query)
  return {
    // With sendInitialEvents the version is only the oldest state that will do.
    after: asked === 0 || sendInitial ? undefined : asked,
    bookmarks,
    markInitialEnd: sendInitial && bookmarks,
    timeoutMs: timeoutMs(query, random),
  }
}

function checkMatch(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? ''
  const field = 'resourceVersionMatch'
  if (query.has('sendInitialEvents')) {
    if (match !== 'NotOlderThan')
      throw invalidOption(
        'ListOptions',
        forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
      )
  } else if (match !== '')
    throw invalidOption(
      'ListOptions',
      forbidden(
        field,
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    )
}

function timeoutMs(query: URLSearchParams, random: Random): number {
  const text = query.get('timeoutSeconds') ?? ''
  const seconds = text === '' ? 0 : readInteger(text)
  if (seconds > 0) return seconds * 1000
  const { min, max } = apiLimits.watchTimeoutMs
  return min + random.next() * (max - min)
}
