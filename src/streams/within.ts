import type { Clock } from '#base/clock.ts'

/** Waits for the task, but no longer than that. */
export async function within(task: Promise<unknown>, waitMs: number, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(waitMs, resolve)
  try {
    await Promise.race([task, promise])
  } finally {
    timer.cancel()
  }
}
