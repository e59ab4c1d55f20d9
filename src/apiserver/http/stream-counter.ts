import { tooManyRequests } from '../api-errors.ts'
import { apiLimits } from '../limits.ts'

/** Bounds how many watches and logs one user holds open. */
export function createStreamCounter() {
  const open = new Map<string, number>()
  return {
    /** Counts one more; the function returned takes it back. */
    take(username: string): () => void {
      const count = open.get(username) ?? 0
      if (count >= apiLimits.streamsPerUserMax)
        throw tooManyRequests(`user ${username} holds ${count} watches and logs open, close some`)
      open.set(username, count + 1)
      return () => {
        const left = (open.get(username) ?? 1) - 1
        if (left === 0) open.delete(username)
        else open.set(username, left)
      }
    },
  }
}
