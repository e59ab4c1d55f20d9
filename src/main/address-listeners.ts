// Listeners on addresses that come and go with clusters: opened when the address is there, which
// after a reboot is later than our start.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'

export interface Closable {
  close(): Promise<void> | void
}

const RETRY_MS = 250

export class AddressListeners<T extends Closable> {
  readonly #open: (name: string, address: string) => Promise<T>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #wanted = new Map<string, AbortController>()

  constructor(options: {
    open: (name: string, address: string) => Promise<T>
    clock: Clock
    log: Logger
  }) {
    this.#open = options.open
    this.#clock = options.clock
    this.#log = options.log
  }

  /** Makes the listeners be those of `addresses`, by name. */
  set(addresses: Readonly<Record<string, string>>): void {
    const keys = new Map(
      Object.entries(addresses).map(([name, address]) => [`${name} ${address}`, { name, address }]),
    )
    for (const [key, abort] of this.#wanted)
      if (!keys.has(key)) {
        abort.abort(new Error('the address is gone'))
        this.#wanted.delete(key)
      }
    for (const [key, { name, address }] of keys) {
      if (this.#wanted.has(key)) continue
      const abort = new AbortController()
      this.#wanted.set(key, abort)
      void this.#keepOpen(name, address, abort.signal)
    }
  }

  close(): void {
    this.set({})
  }

  async #keepOpen(name: string, address: string, signal: AbortSignal): Promise<void> {
    let complained = false
    while (!signal.aborted) {
      try {
        const listener = await this.#open(name, address)
        if (signal.aborted) {
          await listener.close()
          return
        }
        this.#log.info('listening', { cluster: name, address })
        signal.addEventListener('abort', () => void listener.close(), { once: true })
        return
      } catch (error) {
        // Said once: an address that is not there yet is the rule after a reboot.
        if (!complained) this.#log.info('cannot listen yet', { cluster: name, address, error })
        complained = true
      }
      await this.#clock.sleep(RETRY_MS, signal).catch(() => undefined)
    }
  }
}
