// A whole registry without files or sockets, for unit tests.
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '#base/clock.ts'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { hashToken } from '#identity/secret-token.ts'
import { Access } from './access/access.ts'
import type { AccessState } from './access/access-state.ts'
import { Authenticator } from './access/authenticator.ts'
import { LogIn } from './access/log-in.ts'
import { RegistryTokens } from './access/registry-tokens.ts'
import { buildServices } from './build-services.ts'
import { digestOf } from './digest.ts'
import { errorResponse } from './error-response.ts'
import type { RegistryRequest, RegistryResponse, RequestOrigin } from './http-message.ts'
import { memoryBlobStore } from './memory-blob-store.ts'
import { metadataIn } from './metadata.ts'
import { router } from './router.ts'
import { migrations } from './schema.ts'
import type { Services } from './services.ts'

export interface TestRequest {
  method?: string
  /** Path with query. */
  url: string
  headers?: Record<string, string>
  body?: Uint8Array | string | AsyncIterable<Uint8Array>
  /** Who logs in, with the password "<name>-token"; admin unless given. */
  as?: string
  origin?: Partial<RequestOrigin>
}

export interface TestResponse extends RegistryResponse {
  bytes: Buffer
}

export function memoryRegistry({ state }: { state?: AccessState } = {}) {
  const database = new DatabaseSync(':memory:')
  database.exec(migrations.join(';'))
  const metadata = metadataIn(database)
  const store = memoryBlobStore()
  const clock = fakeClock()
  const random = seededRandom(1)
  const { access, tokens, authenticator } = accessFor(clock, state)
  const made = () => buildServices({ metadata, store, access, clock, random, log: silentLogger })
  const answerWith = (services: Services) =>
    router({
      services,
      authenticator,
      ownHosts: new Set(['registry.ccs.internal', 'localhost:5000']),
    })
  let services = made()
  let answer = answerWith(services)

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
    access,
    tokens,
    metadata,
    manifests: services.manifests,
    store,
    clock,
    call,
    sweep: () => services.uploads.sweep(),
    collect: () => services.collector.collect(),
    /** Forgets what is only in memory, as a restart of the process does. */
    restart() {
      services = made()
      answer = answerWith(services)
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

/** "admin", "puller" and, at the gateway of `local`, "machine"; others as `state` has them. */
function accessFor(clock: Clock, state: AccessState | undefined) {
  const access = new Access({
    clock,
    ...(state && { state }),
    platform: [
      { name: 'admin', tokenHash: hashToken('admin-token'), role: 'admin' },
      { name: 'puller', tokenHash: hashToken('puller-token'), role: 'pull' },
      { name: 'machine', tokenHash: hashToken('machine-token'), role: 'pull', cluster: 'local' },
    ],
  })
  const tokens = new RegistryTokens({ key: Buffer.alloc(32, 1), access, clock })
  const verify = (hash: string, password: string) => Promise.resolve(hash === `hash of ${password}`)
  const authenticator = new Authenticator({
    access,
    logIn: new LogIn({ access, clock, verify }),
    tokens,
  })
  return { access, tokens, authenticator }
}

export type MemoryRegistry = ReturnType<typeof memoryRegistry>

function toRequest({ method = 'GET', url, headers = {}, body, as = 'admin', origin }: TestRequest) {
  const [path, query] = url.split('?', 2)
  const credentials = Buffer.from(`${as}:${as}-token`).toString('base64')
  const request: RegistryRequest = {
    origin: { scheme: 'http', remoteAddress: '127.0.0.1', cluster: undefined, ...origin },
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
