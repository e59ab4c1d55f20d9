import { finished, type Readable, type Writable } from 'node:stream'

/**
 * Passes all bytes on and then the end, at the pace of the slower side. Resolves when that is done or one
 * side has failed; what still comes for a writer that is gone is read and dropped, because an unread
 * stream would hold up the others of its connection.
 */
export function pump(from: Readable, to: Writable): Promise<void> {
  return new Promise((resolve) => {
    finished(to, { readable: false }, () => {
      from.unpipe(to)
      from.resume()
      resolve()
    })
    // An end comes over the pipe; a failure would leave the other side waiting.
    finished(from, { writable: false }, (error) => {
      if (error) to.end()
    })
    from.pipe(to)
  })
}
