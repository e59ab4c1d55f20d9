// Follows the bytes of one connection to tell whether a request is under way, so that a connection
// whose server leaves can be joined to another one without its client noticing. It changes no byte.
import { HTTPParser } from 'http-parser-js'
import { forwardLimits } from './forward-limits.ts'

/**
 * - `fresh`: nothing was sent yet, either way
 * - `idle`: each request was answered whole, and the server keeps the connection
 * - `asking`: a request is under way and nothing of its answer came
 * - `answering`: part of the answer came
 * - `last`: the server said that it closes after this answer
 * - `done`: that answer is whole
 * - `opaque`: not HTTP/1, or no longer (upgraded), or pipelined: only its two ends know what is going on
 */
export type ExchangeState = 'fresh' | 'idle' | 'asking' | 'answering' | 'last' | 'done' | 'opaque'

/** May be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

type Parser = InstanceType<typeof HTTPParser>
type Headers = Parameters<Parser[typeof HTTPParser.kOnHeadersComplete]>[0]

/** The published types leave out where a parser stands; that it is between two messages is told by these. */
interface Position {
  state: string
  line: string
}

const isBetweenMessages = (parser: Parser): boolean => {
  const { state, line } = parser as unknown as Position
  return state.endsWith('_LINE') && line === ''
}

function lengthIsClear({ headers }: Headers): boolean {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.toLowerCase() === 'content-length' && !/^\d{1,15}$/.test(headers[i + 1]!))
      return false
  return true
}

const SKIP_BODY = 1
/** Have no body whatever their length says (RFC 9112 section 6.3). */
const BODILESS: ReadonlySet<number> = new Set([204, 304])

export class Http1Exchange {
  #state: ExchangeState = 'fresh'
  #requests: Parser | undefined
  #answers: Parser | undefined
  /** Method of the request under way, once its head was read. */
  #method: string | undefined
  /** All of the request has been sent. */
  #isAsked = false
  #isInterim = false
  /** What the client sent of the request under way; undefined when that is more than is kept. */
  #sent: Buffer[] | undefined = []
  #sentBytes = 0

  get state(): ExchangeState {
    return this.#state
  }

  /** What to send to another server in place of one that broke before it answered; undefined: nothing may be. */
  get replay(): readonly Buffer[] | undefined {
    const isSafe = this.#method !== undefined && IDEMPOTENT.has(this.#method)
    return this.#state === 'asking' && isSafe ? this.#sent : undefined
  }

  fromClient(chunk: Buffer): void {
    if (this.#state === 'opaque') return
    if (this.#state !== 'fresh' && this.#state !== 'idle' && this.#isAsked) {
      // Pipelined: which bytes belong to which answer is not ours to find out.
      return this.#giveUp()
    }
    if (this.#state === 'fresh' || this.#state === 'idle') this.#beginRequest()
    this.#keep(chunk)
    const read = this.#requests!.execute(chunk)
    if (read instanceof Error || read !== chunk.length) return this.#giveUp()
    if (this.#isAsked && !isBetweenMessages(this.#requests!)) this.#giveUp()
  }

  fromServer(chunk: Buffer): void {
    if (this.#state === 'opaque') return
    if (this.#state !== 'asking' && this.#state !== 'answering' && this.#state !== 'last')
      return this.#giveUp()
    if (this.#state === 'asking') this.#state = 'answering'
    this.#forget()
    this.#answers ??= this.#answerParser()
    const read = this.#answers.execute(chunk)
    if (read instanceof Error || read !== chunk.length) return this.#giveUp()
    // More than was asked for, or the answer ended before the request did.
    if (this.state === 'idle' && !isBetweenMessages(this.#answers)) this.#giveUp()
  }

  /** The server was exchanged: what it had begun to say does not count. */
  restartAnswer(): void {
    this.#answers = undefined
  }

  #beginRequest(): void {
    this.#state = 'asking'
    this.#method = undefined
    this.#isAsked = false
    this.#sent = []
    this.#sentBytes = 0
    this.#requests ??= this.#requestParser()
  }

  #requestParser(): Parser {
    const parser = new HTTPParser('REQUEST')
    parser[HTTPParser.kOnHeadersComplete] = (head) => {
      // An upgrade makes of the connection what its ends agree on.
      if (head.upgrade || this.#isAsked || !lengthIsClear(head)) this.#giveUp()
      this.#method = HTTPParser.methods[head.method]
    }
    parser[HTTPParser.kOnMessageComplete] = () => {
      this.#isAsked = true
    }
    return parser
  }

  #answerParser(): Parser {
    const parser = new HTTPParser('RESPONSE')
    parser[HTTPParser.kOnHeadersComplete] = (head) => {
      const hasNoBody = this.#method === 'HEAD' || BODILESS.has(head.statusCode)
      if (head.upgrade || !lengthIsClear(head)) {
        this.#giveUp()
        return hasNoBody ? SKIP_BODY : undefined
      }
      this.#isInterim = head.statusCode < 200
      if (!this.#isInterim && !(head.shouldKeepAlive || (hasNoBody && keepsAlive(head))))
        this.#state = 'last'
      return hasNoBody ? SKIP_BODY : undefined
    }
    parser[HTTPParser.kOnMessageComplete] = () => {
      if (this.#state === 'last') this.#state = 'done'
      if (this.#state !== 'answering') return
      if (this.#isInterim) {
        // "100 Continue" and its like: the answer is yet to come.
        this.#state = 'asking'
        return
      }
      // Answered before all of it was asked, as with 413: where the next request begins is not told.
      if (!this.#isAsked) return this.#giveUp()
      this.#state = 'idle'
      this.#isAsked = false
    }
    return parser
  }

  #keep(chunk: Buffer): void {
    this.#sentBytes += chunk.length
    if (this.#sentBytes > forwardLimits.replayBytesMax) this.#sent = undefined
    this.#sent?.push(chunk)
  }

  #forget(): void {
    this.#sent = undefined
    this.#sentBytes = 0
  }

  #giveUp(): void {
    this.#state = 'opaque'
    this.#forget()
  }
}

/** What the parser says of answers with a body; without one their length does not matter. */
function keepsAlive({ headers, versionMajor, versionMinor }: Headers): boolean {
  const isNew = versionMajor > 1 || (versionMajor === 1 && versionMinor >= 1)
  const options = headers.flatMap((name, i) =>
    i % 2 === 0 && name.toLowerCase() === 'connection' ? [headers[i + 1]!.toLowerCase()] : [],
  )
  const says = (word: string) => options.some((option) => option.includes(word))
  return isNew ? !says('close') : says('keep-alive')
}
