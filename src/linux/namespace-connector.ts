// Connections to ports of a network namespace's loopback, made by a process that is inside of it. They
// are this process's own once they are there: what made them goes when it was idle for a while.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Clock, Timer } from '#base/clock.ts'
import { nsenterArgv } from './nsenter.ts'

export interface ConnectRequest {
  id: number
  port: number
}

/** Comes with the connection, or with what was wrong. */
export interface ConnectAnswer {
  id: number
  problem?: string
}

interface Waiting {
  resolve: (socket: Socket) => void
  reject: (error: Error) => void
}

const limits = {
  /** Starting the process costs some 50 ms, keeping it some 40 MB. */
  idleMs: 10_000,
  /** Connections asked for at once. */
  waitingMax: 1_000,
  connectMs: 30_000,
} as const

const PROGRAM = fileURLToPath(new URL('./namespace-connector-process.ts', import.meta.url))

export class NamespaceConnector {
  readonly #netnsPath: string
  readonly #clock: Clock
  readonly #ended: () => void
  readonly #waiting = new Map<number, Waiting>()
  #child: ChildProcess | undefined
  #idle: Timer | undefined
  #nextId = 1

  /** `ended` is told when the process is gone; the next connection starts another one. */
  constructor(options: { netnsPath: string; clock: Clock; ended: () => void }) {
    this.#netnsPath = options.netnsPath
    this.#clock = options.clock
    this.#ended = options.ended
  }

  /** Rejects with what a user is to see. Each side of the connection may end for itself. */
  async connect(port: number): Promise<Socket> {
    if (this.#waiting.size >= limits.waitingMax)
      throw new Error(`${limits.waitingMax} connections are being opened`)
    this.#idle?.cancel()
    const child = (this.#child ??= this.#start())
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    this.#waiting.set(id, { resolve, reject })
    const timer = this.#clock.after(limits.connectMs, () =>
      reject(new Error(`connecting to localhost:${port} took longer than ${limits.connectMs} ms`)),
    )
    // A process that cannot be told has ended, which is told by itself and with a reason.
    child.send({ id, port } satisfies ConnectRequest, () => undefined)
    try {
      return await promise
    } finally {
      timer.cancel()
      this.#waiting.delete(id)
      this.#idle?.cancel()
      if (this.#waiting.size === 0)
        this.#idle = this.#clock.after(limits.idleMs, () => this.close())
    }
  }

  /** Ends the process; connections that were made stay. */
  close(): void {
    this.#idle?.cancel()
    const child = this.#child
    this.#child = undefined
    if (child?.connected === true) child.disconnect()
    this.#fail('the agent stops')
  }

  #fail(why: string): void {
    this.#ended()
    for (const { reject } of this.#waiting.values()) reject(new Error(why))
  }

  #start(): ChildProcess {
    const argv = nsenterArgv(this.#netnsPath, [process.execPath, PROGRAM])
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const ended = (why: string) => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#fail(why)
    }
    child.once('error', (error) => ended(`the namespace cannot be entered: ${error.message}`))
    child.once('exit', (code) =>
      ended(`the namespace cannot be entered: nsenter ended with ${code}`),
    )
    child.on('message', ({ id, problem }: ConnectAnswer, socket) => {
      const waiting = this.#waiting.get(id)
      const connection = socket as Socket | undefined
      if (connection === undefined)
        return waiting?.reject(new Error(problem ?? 'the connection got lost'))
      // Its end is told by `close`.
      connection.on('error', () => connection.destroy())
      connection.allowHalfOpen = true
      if (waiting === undefined) connection.destroy()
      else waiting.resolve(connection)
    })
    return child
  }
}
