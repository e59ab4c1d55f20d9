// A stream fed by calls and read by `for await`: joins callbacks to async iteration.

export interface PushStream<T> extends AsyncIterable<T> {
  push(item: T): void
  /** Ends the stream after what was pushed; with an error, the reader gets that at the end. */
  end(error?: Error): void
  readonly ended: boolean
  /** Items pushed and not yet read. */
  readonly length: number
}

/** A stream for one reader. `onReturn` runs once when the reader leaves or the stream has ended. */
export function pushStream<T>(onReturn: () => void = () => {}): PushStream<T> {
  const items: T[] = []
  let ended = false
  let failure: Error | undefined
  let wake: (() => void) | undefined

  async function* read(): AsyncGenerator<T, void> {
    try {
      while (true) {
        while (items.length > 0) yield items.shift()!
        if (failure) throw failure
        if (ended) return
        await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      ended = true
      onReturn()
    }
  }
  const notify = () => {
    wake?.()
    wake = undefined
  }
  return {
    push(item) {
      if (ended) return
      items.push(item)
      notify()
    },
    end(error) {
      if (ended) return
      ended = true
      failure = error
      notify()
    },
    get ended() {
      return ended
    },
    get length() {
      return items.length
    },
    [Symbol.asyncIterator]: read,
  }
}
