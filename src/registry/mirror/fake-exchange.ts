// An upstream without sockets, for unit tests: a function says what it answers; every request is kept.
import type { AddressClass } from './address-class.ts'
import type { Exchange, ExchangeRequest } from './exchange.ts'

export interface FakeAnswer {
  status?: number
  headers?: Record<string, string>
  body?: Uint8Array | string | AsyncIterable<Uint8Array>
  addressClass?: AddressClass
}

export interface AskedRequest {
  method: string
  url: string
  headers: Readonly<Record<string, string>>
  reachable: ExchangeRequest['reachable']
}

export type FakeServer = (request: AskedRequest) => FakeAnswer | Promise<FakeAnswer>

export function fakeExchange(server: FakeServer) {
  const asked: AskedRequest[] = []
  const exchange: Exchange = async ({ method, url, headers, reachable, signal }) => {
    const request = { method, url: url.href, headers, reachable }
    asked.push(request)
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
    aborted.catch(() => undefined)
    const answer = await Promise.race([server(request), aborted])
    const { status = 200, headers: sent = {}, body, addressClass = 'public' } = answer
    return { status, headers: sent, addressClass, body: bodyOf(method === 'HEAD' ? '' : body) }
  }
  return { exchange, asked }
}

async function* bodyOf(body: FakeAnswer['body']): AsyncGenerator<Uint8Array> {
  if (body === undefined || body === '') return
  if (typeof body === 'string') yield Buffer.from(body)
  else if (body instanceof Uint8Array) yield body
  else yield* body
}
