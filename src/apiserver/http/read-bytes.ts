import type { IncomingMessage } from 'node:http'
import { badRequest, StatusError } from '#base/errors.ts'
import { limits } from '#base/limits.ts'

const tooLarge = () =>
  new StatusError(
    'RequestEntityTooLarge',
    `Request entity too large: limit is ${limits.requestBodyBytesMax}`,
  )

/** The body, up to the limit. By events: an iterator costs more than reading a small body. */
export function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > limits.requestBodyBytesMax)
    return Promise.reject(tooLarge())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes > limits.requestBodyBytesMax) {
        request.pause()
        reject(tooLarge())
      } else chunks.push(chunk)
    })
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.once('error', reject)
    request.once('close', () => reject(new Error('the client went before its body was whole')))
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw badRequest('the body is not valid UTF-8', error)
  }
}
