// Joins node:http and the router.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '#base/log.ts'
import { errorResponse } from './error-response.ts'
import {
  type RegistryRequest,
  type RegistryResponse,
  RequestCut,
  type RequestOrigin,
} from './http-message.ts'
import { RegistryError } from './registry-error.ts'
import type { Answer } from './router.ts'

/** Answers one request; never rejects. */
export async function answerNode(
  message: { req: IncomingMessage; res: ServerResponse; origin: RequestOrigin },
  answer: Answer,
  log: Logger,
): Promise<void> {
  const { req, res, origin } = message
  // Not the query: clients put nothing secret there today, but may one day.
  const path = (req.url ?? '').split('?', 1)[0]!
  const body = new RequestBody(req, res)
  try {
    const response = await answered(toRequest(req, origin, body), answer, (error) => {
      log.error('request failed', { method: req.method, path, error })
    })
    if (body.unasked) response.headers['Connection'] = 'close'
    await send(res, response, req.method ?? 'GET')
    // Many clients read the answer only when their body is sent.
    req.resume()
    log.debug('request', { method: req.method, path, status: response.status })
  } catch (error) {
    // Too late for an answer: whoever reads on must see that it is cut, not its end.
    res.destroy()
    if (error instanceof RequestCut) log.debug('client left', { method: req.method, path })
    else log.error('answer failed', { method: req.method, path, error })
  }
}

async function answered(
  request: RegistryRequest,
  answer: Answer,
  onFailure: (error: unknown) => void,
): Promise<RegistryResponse> {
  try {
    return await answer(request)
  } catch (error) {
    if (error instanceof RequestCut) throw error
    if (!(error instanceof RegistryError)) onFailure(error)
    return errorResponse(error)
  }
}

function toRequest(
  req: IncomingMessage,
  origin: RequestOrigin,
  body: RequestBody,
): RegistryRequest {
  const url = req.url ?? ''
  const mark = url.indexOf('?')
  return {
    origin,
    method: req.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: req.headers as Record<string, string | undefined>,
    body,
  }
}

/** The body, asked for only when a handler wants it: a refused client need not send it at all. */
class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  /** The client waits for a word before it sends; without one, nothing more can follow. */
  unasked: boolean

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
    this.unasked = req.headers.expect?.toLowerCase() === '100-continue'
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.unasked) this.#res.writeContinue()
    this.unasked = false
    try {
      // A reader that has enough must not close the connection: the answer goes over it.
      for await (const chunk of this.#req.iterator({ destroyOnReturn: false }))
        yield chunk as Uint8Array
    } catch (error) {
      throw new RequestCut('the client left before the end of its request', { cause: error })
    }
  }
}

async function send(
  res: ServerResponse,
  { status, headers, body }: RegistryResponse,
  method: string,
): Promise<void> {
  res.writeHead(status, { 'Docker-Distribution-Api-Version': 'registry/2.0', ...headers })
  if (method === 'HEAD' || body === undefined) res.end()
  else if (body instanceof Uint8Array) res.end(body)
  else {
    for await (const chunk of body) await write(res, chunk)
    res.end()
  }
}

/** Done when the chunk's memory is free again. */
function write(res: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = () => reject(new RequestCut('the client left before the end of its answer'))
    res.once('close', left)
    res.write(chunk, (error) => {
      res.off('close', left)
      if (error) left()
      else resolve()
    })
  })
}
