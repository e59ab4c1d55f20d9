// Starts and ends a plain API server, and looks at it from outside.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { PlainServerReady } from './plain-server.ts'

export class PlainProcess {
  readonly ready: PlainServerReady
  /** From the call to the line that says that all clusters answer. */
  readonly startMs: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ready: PlainServerReady, startMs: number) {
    this.#child = child
    this.ready = ready
    this.startMs = startMs
  }

  /** `nodeOptions` go before the program, for a profile. */
  static async start(
    directory: string,
    { clusters = 0, nodeOptions = [] }: { clusters?: number; nodeOptions?: readonly string[] } = {},
  ): Promise<PlainProcess> {
    const began = performance.now()
    const script = path.join(import.meta.dirname, 'plain-server.ts')
    const argv = [...nodeOptions, script, directory, String(clusters)]
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
    const died = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the API server ended with ${code ?? signal} before it was ready`)
    })
    const line = once(createInterface({ input: child.stdout }), 'line')
    const [text] = (await Promise.race([line, died])) as [string]
    // It may end from now on.
    died.catch(() => undefined)
    const ready = JSON.parse(text) as PlainServerReady
    return new PlainProcess(child, ready, performance.now() - began)
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Resident memory in 10^6 bytes. */
  residentMegabytes(): number {
    return (this.#status(/^VmRSS:\s+(\d+) kB$/m) * 1024) / 1e6
  }

  threads(): number {
    return this.#status(/^Threads:\s+(\d+)$/m)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.stdin!.end()
    await gone
  }

  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  #status(pattern: RegExp): number {
    return Number(pattern.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1])
  }
}
