import type { StatusError } from '#base/errors.ts'

export interface StreamCounter {
  /** Counts one more; the function returned takes it back. */
  take(username: string): () => void
}

/** Bounds how many connections of a kind one user holds open. */
export function createStreamCounter(options: {
  max: number
  refusal: (username: string, count: number) => StatusError
}): StreamCounter {
  const open = new Map<string, number>()
  return {
    take(username) {
      const count = open.get(username) ?? 0
      if (count >= options.max) throw options.refusal(username, count)
      open.set(username, count + 1)
      return () => {
        const left = (open.get(username) ?? 1) - 1
        if (left === 0) open.delete(username)
        else open.set(username, left)
      }
    },
  }
}
