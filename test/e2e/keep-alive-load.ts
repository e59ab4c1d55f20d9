// Clients that keep their connections and ask again and again: what a busy service sees.
import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface LoadResult {
  sent: number
  /** When each failed, in milliseconds since the load began, and why. */
  failures: { atMs: number; why: string }[]
  /** How many answers each text got. */
  answers: Map<string, number>
}

export interface KeepAliveLoad {
  readonly sent: number
  stop(): Promise<LoadResult>
}

const ANSWER_TIMEOUT_MS = 10_000

function ask(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent, timeout: ANSWER_TIMEOUT_MS }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(text.trim())
        else reject(new Error(`answered ${answer.statusCode}`))
      })
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${ANSWER_TIMEOUT_MS} ms`)))
    asked.on('error', reject)
  })
}

/** `connections` clients, each with one connection and one request at a time, `pauseMs` after each answer. */
export function keepAliveLoad(
  url: string,
  { connections, pauseMs }: { connections: number; pauseMs: number },
): KeepAliveLoad {
  const begun = performance.now()
  const result: LoadResult = { sent: 0, failures: [], answers: new Map() }
  let isRunning = true
  const clients = Array.from({ length: connections }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (isRunning) {
      result.sent++
      const sentMs = Math.round(performance.now() - begun)
      try {
        const text = await ask(agent, url)
        result.answers.set(text, (result.answers.get(text) ?? 0) + 1)
      } catch (error) {
        const { message, code } = error as NodeJS.ErrnoException
        result.failures.push({ atMs: sentMs, why: code ?? message })
      }
      await sleep(pauseMs)
    }
    agent.destroy()
  })
  return {
    get sent() {
      return result.sent
    },
    async stop() {
      isRunning = false
      await Promise.all(clients)
      return result
    },
  }
}
