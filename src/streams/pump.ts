import { finished, type Readable, type Writable } from 'node:stream'

/**
 * Passes all bytes on and then the end, at the pace of the slower side. Resolves when that is done or one
 * side has failed; what still comes for a writer that is gone is read and dropped, because an unread
 * stream would hold up the others of its connection. `last` is written before the end.
 */
export function pump(from: Readable, to: Writable, last?: string): Promise<void> {
  return new Promise((resolve) => {
    const end = () => (last === undefined ? to.end() : to.end(last))
    finished(to, { readable: false }, () => {
      from.unpipe(to)
      from.resume()
      resolve()
    })
    // Also after a failure: the other side must not be left waiting.
    finished(from, { writable: false }, () => {
      if (!to.writableEnded) end()
    })
    from.pipe(to, { end: false })
  })
}
