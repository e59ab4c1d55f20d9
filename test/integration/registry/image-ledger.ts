// Clients that push, pull and delete images at once, and what they know: which images were acknowledged, and
// which they had deleted. What was under way when the registry died may be either.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Random } from '#base/random.ts'
import { type Digest, digestOf } from '#registry/digest.ts'
import { basic } from './start-registry.ts'

const IMAGE = 'application/vnd.oci.image.manifest.v1+json'
const OCTETS = { 'content-type': 'application/octet-stream' }
const LAYER_BYTES_MAX = 64 * 1024
const REPOSITORIES = ['p/one', 'p/two', 'q/three']
/** Bytes that many images share. */
const SHARED = Buffer.from('{"os":"linux","architecture":"amd64"}')

interface Image {
  repository: string
  digest: Digest
  manifest: Buffer
  blobs: { digest: Digest; bytes: Buffer }[]
}

/** The registry answered otherwise than it must; not: it was gone. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

export class ImageLedger {
  readonly #random: Random
  readonly #alive = new Map<string, Image>()
  #acknowledged = 0
  #deleted = 0
  /** Pushes and deletions that nobody answered: each may have happened. */
  #unanswered = 0

  constructor(random: Random) {
    this.#random = random
  }

  get counts() {
    return {
      acknowledged: this.#acknowledged,
      deleted: this.#deleted,
      alive: this.#alive.size,
      unanswered: this.#unanswered,
    }
  }

  /** One step of one client; rejects when the registry goes away. */
  async step(base: string): Promise<void> {
    const chance = this.#random.next()
    if (chance < 0.5 || this.#alive.size === 0) await this.#push(base)
    else if (chance < 0.8) await this.#pull(base, this.#any())
    else await this.#delete(base, this.#any())
  }

  /** Every image that must be there is there, byte for byte. */
  async verify(base: string): Promise<void> {
    for (const image of this.#alive.values()) await this.#pull(base, image)
  }

  #any(): Image {
    const all = [...this.#alive.values()]
    return all[Math.floor(this.#random.next() * all.length)]!
  }

  async #push(base: string): Promise<void> {
    const repository = REPOSITORIES[Math.floor(this.#random.next() * REPOSITORIES.length)]!
    const layer = randomBytes(1 + Math.floor(this.#random.next() * LAYER_BYTES_MAX))
    const blobs = [SHARED, layer].map((bytes) => ({ digest: digestOf(bytes), bytes }))
    for (const blob of blobs) await this.#pushBlob(base, repository, blob)
    const [config, ...layers] = blobs.map(({ digest, bytes }) => ({
      mediaType: 'application/octet-stream',
      digest,
      size: bytes.length,
    }))
    const document = { schemaVersion: 2, mediaType: IMAGE, config, layers }
    const manifest = Buffer.from(JSON.stringify(document))
    const digest = digestOf(manifest)
    this.#unanswered++
    const put = await call(
      base,
      `${repository}/manifests/${digest}?tag=t${this.#acknowledged % 7}`,
      {
        method: 'PUT',
        headers: { 'content-type': IMAGE },
        body: manifest,
      },
    )
    expect(put, 201, 'push of a manifest')
    if (put.headers.get('warning') !== null)
      throw new Broken(`a blob was gone before its manifest came: ${put.headers.get('warning')}`)
    this.#unanswered--
    this.#acknowledged++
    this.#alive.set(`${repository}@${digest}`, { repository, digest, manifest, blobs })
  }

  /** As clients do: asks first, and sends only what is not there. */
  async #pushBlob(base: string, repository: string, blob: Image['blobs'][number]): Promise<void> {
    const head = await call(base, `${repository}/blobs/${blob.digest}`, { method: 'HEAD' })
    if (head.status === 200) return
    expect(head, 404, 'HEAD of a blob')
    const begun = await call(base, `${repository}/blobs/uploads/`, { method: 'POST' })
    expect(begun, 202, 'begin of an upload')
    const location = begun.headers.get('location')!.replace(/^\/v2\//, '')
    const half = Math.floor(blob.bytes.length / 2)
    const parts = [blob.bytes.subarray(0, half), blob.bytes.subarray(half)]
    const patch = await call(base, location, { method: 'PATCH', headers: OCTETS, body: parts[0]! })
    expect(patch, 202, 'PATCH of an upload')
    const put = await call(base, `${location}?digest=${blob.digest}`, {
      method: 'PUT',
      headers: OCTETS,
      body: parts[1]!,
    })
    expect(put, 201, 'end of an upload')
  }

  async #pull(base: string, image: Image): Promise<void> {
    const { repository, digest, manifest, blobs } = image
    const isStillThere = () => this.#alive.has(`${repository}@${digest}`)
    const parts = [
      { path: `manifests/${digest}`, bytes: manifest },
      ...blobs.map((blob) => ({ path: `blobs/${blob.digest}`, bytes: blob.bytes })),
    ]
    for (const { path, bytes } of parts) {
      const got = await call(base, `${repository}/${path}`)
      // Another client may have deleted it meanwhile.
      if (!isStillThere()) return
      expect(got, 200, `pull of ${path}`)
      if (!got.bytes.equals(bytes)) throw new Broken(`${path} has other bytes`)
    }
  }

  async #delete(base: string, { repository, digest }: Image): Promise<void> {
    // From the moment that it is asked for, nobody may count on it.
    if (!this.#alive.delete(`${repository}@${digest}`)) return
    this.#unanswered++
    const gone = await call(base, `${repository}/manifests/${digest}`, { method: 'DELETE' })
    expect(gone, 202, 'DELETE of a manifest')
    this.#unanswered--
    this.#deleted++
  }
}

interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: Uint8Array
}

const TIMEOUT_MS = 20_000

async function call(base: string, path: string, { method = 'GET', headers = {}, body }: Ask = {}) {
  const answer = await fetch(`${base}/v2/${path}`, {
    method,
    headers: { authorization: basic('admin'), ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body && { body: Buffer.from(body) }),
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  return { status: answer.status, headers: answer.headers, bytes }
}

function expect(answer: { status: number; bytes: Buffer }, status: number, what: string): void {
  if (answer.status === 503) throw new Error('the registry is stopping')
  try {
    assert.equal(answer.status, status)
  } catch (error) {
    throw new Broken(
      `${what} answered ${answer.status}: ${answer.bytes.toString().slice(0, 300)}`,
      {
        cause: error,
      },
    )
  }
}
