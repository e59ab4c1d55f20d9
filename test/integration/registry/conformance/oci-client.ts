// A client that does what the conformance program of the OCI distribution spec does: asks without
// credentials, and again with a token when it is told to.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

export type Algorithm = 'sha256' | 'sha512'

export const digest = (bytes: Uint8Array, algorithm: Algorithm = 'sha256'): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`

export interface Answer {
  status: number
  headers: Headers
  bytes: Buffer
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: Uint8Array
}

export interface OciClient {
  /** `path` may be a Location. */
  ask(path: string, ask?: Ask): Promise<Answer>
}

export function ociClient(host: string, authorization: string): OciClient {
  const base = `http://${host}`
  const once = async (path: string, { method = 'GET', headers = {}, body }: Ask) => {
    const response = await fetch(new URL(path, base), {
      method,
      headers,
      ...(body && { body: Buffer.from(body) }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    return { status: response.status, headers: response.headers, bytes }
  }
  const tokenFor = async (challenge: string) => {
    const parameters = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
    )
    const query = new URLSearchParams({ service: parameters.get('service')! })
    if (parameters.has('scope')) query.set('scope', parameters.get('scope')!)
    const url = `${parameters.get('realm')!}?${query.toString()}`
    const answer = await once(url, { headers: { authorization } })
    assert.equal(answer.status, 200)
    return (JSON.parse(answer.bytes.toString()) as { token: string }).token
  }
  return {
    async ask(path, ask = {}) {
      const first = await once(path, ask)
      if (first.status !== 401) return first
      const challenge = first.headers.get('www-authenticate')
      assert.match(challenge ?? '', /^Bearer realm="http/)
      const token = await tokenFor(challenge!)
      return once(path, { ...ask, headers: { ...ask.headers, authorization: `Bearer ${token}` } })
    },
  }
}
