import type { IncomingMessage } from 'node:http'
import { badRequest, StatusError } from '#base/errors.ts'
import { limits } from '#base/limits.ts'

/** The body, up to the limit. */
export async function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  const tooLarge = () =>
    new StatusError(
      'RequestEntityTooLarge',
      `Request entity too large: limit is ${limits.requestBodyBytesMax}`,
    )
  if (Number(request.headers['content-length'] ?? 0) > limits.requestBodyBytesMax) throw tooLarge()
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > limits.requestBodyBytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw badRequest('the body is not valid UTF-8', error)
  }
}
