// A long-lived nft per network namespace: a change of rules costs half a millisecond and no process,
// because spawning one would block the event loop for several.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { systemClock, type Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import {
  APPLY_LINE,
  isFailure,
  markerOf,
  QUERY_END_LINE,
  readAnswer,
  RULESET_DESCRIPTOR,
} from './nft-conversation.ts'
import { nsenterArgv } from './nsenter.ts'
import { commandEnvironment } from './run.ts'

export const nftLimits = {
  /** Requests that may wait in one session. */
  waitingMax: 1_000,
  rulesetBytesMax: 16 * 1024 * 1024,
  /** nft keeps a little of every request (0.4 KB): it is replaced after so many. */
  requestsPerProcessMax: 20_000,
  defaultTimeoutMs: 10_000,
} as const

export interface NftSession {
  /**
   * Runs a whole ruleset as one transaction: all of it or nothing. Resolves once the kernel has it;
   * rejects with nft's message.
   */
  apply(ruleset: string): Promise<void>
  /** What a command such as `list chain ip filter FORWARD` prints. One line. */
  query(command: string): Promise<string>
  /** Ends the process; requests that wait are rejected. */
  close(): Promise<void>
}

export interface NftSessionOptions {
  /** Path of a network namespace; the host's own unless given. */
  netnsPath?: string
  log: Logger
  timeoutMs?: number
}

export class NftError extends Error {
  constructor(where: string, complaint: string) {
    super(`nft in ${where}: ${complaint}`)
    this.name = 'NftError'
  }
}

interface Request {
  isQuery: boolean
  /** The ruleset, or the query's command. */
  text: string
  resolve(output: string): void
  reject(error: Error): void
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** A file without a name: nothing is left behind however we end. */
function openNamelessFile(): number {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-nft-'))
  try {
    return openSync(path.join(directory, 'ruleset'), 'w+', 0o600)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

class Session implements NftSession {
  readonly #options: NftSessionOptions
  readonly #where: string
  readonly #file: number
  readonly #waiting: Request[] = []
  #child: Child | undefined
  #current: { request: Request; marker: string; deadline: Timer } | undefined
  #stdout = ''
  #stderr = ''
  #sequence = 0
  #servedByChild = 0
  #isClosed = false

  constructor(options: NftSessionOptions) {
    this.#options = options
    this.#where = options.netnsPath ?? 'the host'
    this.#file = openNamelessFile()
  }

  async apply(ruleset: string): Promise<void> {
    if (Buffer.byteLength(ruleset) > nftLimits.rulesetBytesMax)
      throw new RangeError(`a ruleset has at most ${nftLimits.rulesetBytesMax} bytes`)
    await this.#enqueue(false, ruleset)
  }

  async query(command: string): Promise<string> {
    if (command.includes('\n')) throw new RangeError('an nft query is one line')
    return this.#enqueue(true, command)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const child = this.#child
    this.#abandon('the session was closed')
    for (const request of this.#waiting.splice(0))
      request.reject(new NftError(this.#where, 'the session was closed'))
    closeSync(this.#file)
    if (child !== undefined && child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('exit', resolve))
  }

  #enqueue(isQuery: boolean, text: string): Promise<string> {
    if (this.#isClosed) throw new NftError(this.#where, 'the session was closed')
    if (this.#waiting.length >= nftLimits.waitingMax)
      throw new NftError(this.#where, `${nftLimits.waitingMax} requests wait already`)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ isQuery, text, resolve, reject })
      this.#next()
    })
  }

  #next(): void {
    if (this.#current !== undefined) return
    const request = this.#waiting.shift()
    if (request === undefined) return
    if (this.#servedByChild >= nftLimits.requestsPerProcessMax) this.#abandon('replaced')
    const child = (this.#child ??= this.#spawn())
    const { timeoutMs = nftLimits.defaultTimeoutMs } = this.#options
    const marker = markerOf(++this.#sequence)
    const late = () => this.#abandon(`no answer in ${timeoutMs} ms`)
    const deadline = systemClock.after(timeoutMs, late)
    this.#current = { request, marker, deadline }
    this.#servedByChild++
    this.#stdout = ''
    this.#stderr = ''
    if (!request.isQuery) this.#writeRuleset(request.text)
    const lines = request.isQuery ? [request.text, QUERY_END_LINE] : [APPLY_LINE]
    child.stdin.write(`${lines.join('\n')}\n${marker}\n`)
  }

  #writeRuleset(ruleset: string): void {
    const bytes = Buffer.from(ruleset)
    ftruncateSync(this.#file, 0)
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#file, bytes, done, bytes.length - done, done)
  }

  #spawn(): Child {
    const { netnsPath, log } = this.#options
    const argv =
      netnsPath === undefined ? ['nft', '-a', '-i'] : nsenterArgv(netnsPath, ['nft', '-a', '-i'])
    const stdio: ('pipe' | number)[] = ['pipe', 'pipe', 'pipe']
    stdio[RULESET_DESCRIPTOR] = this.#file
    const child = spawn(argv[0]!, argv.slice(1), { env: commandEnvironment, stdio }) as Child
    const isCurrent = () => this.#child === child
    child.stdout.on('data', (chunk: Buffer) => {
      if (isCurrent()) this.#read('stdout', chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (isCurrent()) this.#read('stderr', chunk)
    })
    const gone = (why: string) => {
      if (!isCurrent()) return
      log.warn('nft ended; the next request starts it again', { where: this.#where, why })
      this.#abandon(`${why} ${this.#stderr.trim()}`.trim())
    }
    child.on('error', (error) => gone(error.message))
    child.on('close', (code, signal) => gone(`nft ended (${code ?? signal}).`))
    // The end of the process is told by 'close'; a write into its closed input says no more.
    child.stdin.on('error', () => undefined)
    this.#servedByChild = 0
    return child
  }

  #read(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    if (stream === 'stdout') this.#stdout += chunk.toString('utf8')
    else this.#stderr += chunk.toString('utf8')
    if (this.#current === undefined) return
    const { request, marker, deadline } = this.#current
    const answer = readAnswer(
      { marker, isQuery: request.isQuery },
      { stdout: this.#stdout, stderr: this.#stderr },
    )
    if (answer === undefined) return
    deadline.cancel()
    this.#current = undefined
    if (isFailure(answer.complaint)) request.reject(new NftError(this.#where, answer.complaint))
    else {
      if (answer.complaint !== '')
        this.#options.log.warn('nft warned', { where: this.#where, warning: answer.complaint })
      request.resolve(answer.output)
    }
    this.#next()
  }

  /** Gives up the process. Whether its current request was done is unknown, so that is rejected. */
  #abandon(why: string): void {
    const child = this.#child
    this.#child = undefined
    child?.kill('SIGKILL')
    const current = this.#current
    this.#current = undefined
    if (current === undefined) return
    current.deadline.cancel()
    current.request.reject(new NftError(this.#where, why))
    if (!this.#isClosed) this.#next()
  }
}

/** Opens a session; the process starts with the first request and again after it ended. */
export function openNftSession(options: NftSessionOptions): NftSession {
  return new Session(options)
}
