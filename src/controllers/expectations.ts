// What a controller has asked for and not yet seen in its informer. Until it has, its picture of the
// world is old, and acting on it would create or delete too many.
import type { Clock } from '#base/clock.ts'

interface Expected {
  creations: number
  deletions: Set<string>
  atMs: number
}

// An event that never comes must not stop a controller for ever.
const EXPIRY_MS = 300_000

export class Expectations {
  readonly #clock: Clock
  readonly #expected = new Map<string, Expected>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  expectCreations(key: string, count: number): void {
    this.#of(key).creations += count
  }

  expectDeletions(key: string, uids: readonly string[]): void {
    const { deletions } = this.#of(key)
    for (const uid of uids) deletions.add(uid)
  }

  /** A creation was seen, or will not come. */
  creationDone(key: string): void {
    const expected = this.#expected.get(key)
    if (expected && expected.creations > 0) expected.creations -= 1
  }

  deletionDone(key: string, uid: string): void {
    this.#expected.get(key)?.deletions.delete(uid)
  }

  areMet(key: string): boolean {
    const expected = this.#expected.get(key)
    if (!expected) return true
    if (expected.creations === 0 && expected.deletions.size === 0) return true
    return this.#clock.monotonic() - expected.atMs > EXPIRY_MS
  }

  forget(key: string): void {
    this.#expected.delete(key)
  }

  #of(key: string): Expected {
    const known = this.#expected.get(key)
    // Expired expectations are void: what did not come by now is not added to.
    const expected =
      known && !this.areMet(key) ? known : { creations: 0, deletions: new Set<string>(), atMs: 0 }
    expected.atMs = this.#clock.monotonic()
    this.#expected.set(key, expected)
    return expected
  }
}
