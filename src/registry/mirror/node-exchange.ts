// Requests over sockets. Names are looked up once, and what is connected to is what was judged: a name that
// leads elsewhere on a second look gains nothing.
import { lookup as lookUpName } from 'node:dns'
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Clock } from '#base/clock.ts'
import { type AddressClass, addressClass } from './address-class.ts'
import type { Exchange, ExchangeRequest, ExchangeResponse } from './exchange.ts'
import { mirrorLimits } from './mirror-limits.ts'
import { UpstreamError } from './upstream-error.ts'

export interface NodeExchange {
  exchange: Exchange
  /** Closes connections that wait for another request. */
  close(): void
}

/** `ca`: authorities trusted beside the system's. */
export function nodeExchange({ clock, ca }: { clock: Clock; ca?: string }): NodeExchange {
  // A connection is used again only for requests that might have made it.
  const agents = new Map<string, { http: HttpAgent; https: HttpsAgent }>()
  const agentsFor = (reachable: ExchangeRequest['reachable']) => {
    const key = reachable?.toSorted().join() ?? 'any'
    const known = agents.get(key)
    if (known !== undefined) return known
    const options = { keepAlive: true, lookup: lookUpWithin(reachable) }
    const made = {
      http: new HttpAgent(options),
      https: new HttpsAgent({ ...options, ...(ca !== undefined && { ca }) }),
    }
    agents.set(key, made)
    return made
  }
  return {
    exchange: (request) => send(request, agentsFor(request.reachable), clock),
    close() {
      for (const { http, https } of agents.values()) {
        http.destroy()
        https.destroy()
      }
    },
  }
}

function send(
  { method, url, headers, reachable, signal }: ExchangeRequest,
  agents: { http: HttpAgent; https: HttpsAgent },
  clock: Clock,
): Promise<ExchangeResponse> {
  const own = addressClass(url.hostname)
  if (own !== undefined && reachable?.includes(own) === false)
    return Promise.reject(unreachable(url, `${own} addresses are not asked for it`))
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const isTls = url.protocol === 'https:'
    const options = { method, headers, agent: isTls ? agents.https : agents.http }
    const request = (isTls ? httpsRequest : httpRequest)(url, options)
    const connecting = clock.after(mirrorLimits.connectMs, () => {
      request.destroy(unreachable(url, `no connection in ${mirrorLimits.connectMs / 1000} s`))
    })
    const end = () => request.destroy(signal.reason as Error)
    signal.addEventListener('abort', end, { once: true })
    const over = () => {
      connecting.cancel()
      signal.removeEventListener('abort', end)
    }
    request.once('socket', (socket) => {
      if (!socket.connecting) connecting.cancel()
      else socket.once(isTls ? 'secureConnect' : 'connect', () => connecting.cancel())
    })
    request.once('close', over)
    request.on('error', (error) => {
      over()
      reject(error instanceof UpstreamError || signal.aborted ? error : unreachable(url, error))
    })
    request.once('response', (response) => {
      connecting.cancel()
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers as Record<string, string | undefined>,
        addressClass: addressClass(response.socket.remoteAddress ?? '') ?? 'public',
        body: bodyOf(response, url),
      })
    })
    request.end()
  })
}

async function* bodyOf(response: IncomingMessage, url: URL): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk as Uint8Array
  } catch (error) {
    throw error instanceof UpstreamError ? error : unreachable(url, error)
  }
}

/** Looks a name up and gives only addresses of the classes that may be reached. */
function lookUpWithin(reachable: readonly AddressClass[] | undefined): LookupFunction {
  return (name, options, done) => {
    lookUpName(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, [])
      const good =
        reachable === undefined
          ? found
          : found.filter(({ address }) => reachable.includes(addressClass(address)!))
      const [first] = good
      if (first === undefined)
        return done(new Error(`${name} leads to addresses that are not asked for it`), [])
      if (options.all) done(null, good)
      else done(null, first.address, first.family)
    })
  }
}

function unreachable(url: URL, cause: unknown): UpstreamError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new UpstreamError('unreachable', `${url.host} cannot be reached: ${why}`, { cause })
}
