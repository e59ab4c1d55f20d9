// The seats of one request: taken before anything of it is worked on, given back when its answer has been written.
// A client that is slow, with its body or with taking the answer, keeps nobody from a seat.
import type { ServerResponse } from 'node:http'
import type { Clock } from '#base/clock.ts'
import type { UserInfo } from '#base/api-call.ts'
import type { Turn } from '../fairness/dispatcher.ts'
import type { Fairness } from '../fairness/fairness.ts'
import { isSession } from '../long-running.ts'
import { tooManyRequests } from '../api-errors.ts'
import { apiLimits } from '../limits.ts'
import type { RequestInfo } from '../request-info.ts'
import { createStreamCounter, type StreamCounter } from './stream-counter.ts'

export interface Asking {
  user: UserInfo
  info: RequestInfo
  query: URLSearchParams
  signal: AbortSignal
}

export interface TurnOptions {
  fairness: Fairness
  clock: Clock
  /** Counts the bodies that come slowly. */
  slowBodies: StreamCounter
}

/** The turns of all requests of a cluster. */
export function createTurns(
  options: Pick<TurnOptions, 'fairness' | 'clock'>,
): (response: ServerResponse) => RequestTurn {
  const slowBodies = createStreamCounter({
    max: apiLimits.slowBodiesPerUserMax,
    refusal: (user, count) => tooManyRequests(`user ${user} is sending ${count} bodies slowly`),
  })
  return (response) => new RequestTurn({ ...options, slowBodies }, response)
}

export class RequestTurn {
  readonly #options: TurnOptions
  readonly #response: ServerResponse
  #turn: Turn | undefined

  /** It ends with the response, at the latest. */
  constructor(options: TurnOptions, response: ServerResponse) {
    this.#options = options
    this.#response = response
  }

  /**
   * Resolves when the request may go on. Rejects with "TooManyRequests", and with the signal's reason when the client
   * has gone. Writes the headers that say which flow schema and priority level it is of.
   */
  async take(asking: Asking): Promise<void> {
    const { user, info, signal } = asking
    // They have limits of their own, and never wait for a seat.
    if (isSession(info)) return
    const flow = this.#options.fairness.flowOf(user, info)
    this.#response.setHeader('X-Kubernetes-PF-FlowSchema-UID', flow.uid)
    this.#response.setHeader('X-Kubernetes-PF-PriorityLevel-UID', flow.to.spec.uid)
    this.#turn = await this.#options.fairness.enter(flow, asking)
    // Whoever went while it came to be his turn was not seen to go.
    if (signal.aborted) this.leave()
    signal.throwIfAborted()
  }

  /** What was read, with seats in hand again; they are given away while it takes long to come. */
  async whileRead<T extends object>(read: Promise<T>, asking: Asking): Promise<T> {
    const { clock, slowBodies } = this.#options
    const { promise: isSlow, resolve } = Promise.withResolvers<undefined>()
    const timer = clock.after(apiLimits.bodyWithSeatMs, () => resolve(undefined))
    const inTime = await Promise.race([read, isSlow]).finally(() => timer.cancel())
    if (inTime !== undefined) return inTime
    this.leave()
    const release = slowBodies.take(asking.user.username)
    const late = await read.finally(release)
    await this.take(asking)
    return late
  }

  /** An answer that is large and not taken in time is cut off: its bytes and its seats are for those who read. */
  boundAnswer(): void {
    const response = this.#response
    if (response.writableLength <= apiLimits.smallAnswerBytes) return
    const cutOff = () => void response.destroy()
    const timer = this.#options.clock.after(apiLimits.answerTimeoutMs, cutOff)
    response.once('close', () => timer.cancel())
  }

  leave(): void {
    this.#turn?.leave()
  }
}
