// A whole registry without files or sockets, for unit tests.
import { DatabaseSync } from 'node:sqlite'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { hashToken } from '#identity/secret-token.ts'
import { credentialAuthenticator } from './credentials.ts'
import { digestOf } from './digest.ts'
import { errorResponse } from './error-response.ts'
import type { RegistryRequest, RegistryResponse } from './http-message.ts'
import { Manifests } from './manifests.ts'
import { memoryBlobStore } from './memory-blob-store.ts'
import { metadataIn } from './metadata.ts'
import { noRules, type RulesOf } from './project-rules.ts'
import { router } from './router.ts'
import { migrations } from './schema.ts'
import { Uploads } from './uploads.ts'

export interface TestRequest {
  method?: string
  /** Path with query. */
  url: string
  headers?: Record<string, string>
  body?: Uint8Array | string | AsyncIterable<Uint8Array>
  /** "admin", "puller" or nobody; admin unless given. */
  as?: 'admin' | 'puller' | 'nobody'
}

export interface TestResponse extends RegistryResponse {
  bytes: Buffer
}

export function memoryRegistry({ rulesOf = noRules }: { rulesOf?: RulesOf } = {}) {
  const database = new DatabaseSync(':memory:')
  database.exec(migrations.join(';'))
  const metadata = metadataIn(database)
  const store = memoryBlobStore()
  const clock = fakeClock()
  const random = seededRandom(1)
  const uploadsOptions = { metadata, store, clock, random, log: silentLogger }
  const manifests = new Manifests({ metadata, store, clock, rulesOf })
  const authenticate = credentialAuthenticator({
    users: [
      { name: 'admin', tokenHash: hashToken('admin-token'), role: 'admin' },
      { name: 'puller', tokenHash: hashToken('puller-token'), role: 'pull' },
    ],
  })
  const start = (uploads: Uploads) =>
    router({
      services: { metadata, store, uploads, manifests, clock },
      authenticate,
      ownHosts: new Set(['registry.ccs.internal', 'localhost:5000']),
    })
  let uploads = new Uploads(uploadsOptions)
  let answer = start(uploads)

  async function call(test: TestRequest): Promise<TestResponse> {
    try {
      const response = await answer(toRequest(test))
      return { ...response, bytes: await collected(response.body) }
    } catch (error) {
      const response = errorResponse(error)
      return { ...response, bytes: await collected(response.body) }
    }
  }

  return {
    metadata,
    manifests,
    store,
    clock,
    call,
    sweep: () => uploads.sweep(),
    /** Forgets what is only in memory, as a restart of the process does. */
    restart() {
      uploads = new Uploads(uploadsOptions)
      answer = start(uploads)
    },
    /** Pushes a blob in one request and returns its digest. */
    async pushBlob(repository: string, content: string) {
      const digest = digestOf(Buffer.from(content))
      const url = `/v2/${repository}/blobs/uploads/?digest=${digest}`
      const { status } = await call({ method: 'POST', url, body: content })
      if (status !== 201) throw new Error(`push of a blob answered ${status}`)
      return { digest, size: Buffer.byteLength(content) }
    },
    /** Keys of all objects there are. */
    async objects() {
      const keys: string[] = []
      for await (const key of store.keys()) keys.push(key)
      return keys
    },
  }
}

export type MemoryRegistry = ReturnType<typeof memoryRegistry>

function toRequest({ method = 'GET', url, headers = {}, body, as = 'admin' }: TestRequest) {
  const [path, query] = url.split('?', 2)
  const credentials = Buffer.from(`${as}:${as}-token`).toString('base64')
  const request: RegistryRequest = {
    method,
    path: path!,
    query: new URLSearchParams(query ?? ''),
    headers: { ...(as !== 'nobody' && { authorization: `Basic ${credentials}` }), ...headers },
    body: bodyOf(body),
  }
  return request
}

async function* bodyOf(body: TestRequest['body']): AsyncGenerator<Uint8Array> {
  if (body === undefined) return
  if (typeof body === 'string') yield Buffer.from(body)
  else if (body instanceof Uint8Array) yield body
  else yield* body
}

async function collected(body: RegistryResponse['body']): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0)
  if (body instanceof Uint8Array) return Buffer.from(body)
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
