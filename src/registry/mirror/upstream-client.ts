// What is asked of an upstream: manifests, blobs, lists. Each answer is judged: what no registry sends is
// taken for no answer.
import type { Clock } from '#base/clock.ts'
import { Gate } from '#base/gate.ts'
import { type Digest, parseDigest } from '../digest.ts'
import { isManifestMediaType } from '../manifest-document.ts'
import { registryLimits } from '../registry-limits.ts'
import { isTag } from '../repository-name.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { mirrorLimits } from './mirror-limits.ts'
import type { Purpose, RateBudget } from './rate-budget.ts'
import { collect, drop, inTime, moving } from './time-limits.ts'
import type { UpstreamConfig } from './upstream-config.ts'
import { UpstreamError } from './upstream-error.ts'
import type { UpstreamAnswer, UpstreamRequest, UpstreamRequests } from './upstream-requests.ts'

export interface UpstreamClientOptions {
  config: UpstreamConfig
  requests: UpstreamRequests
  clock: Clock
  budget: RateBudget
  breaker: CircuitBreaker
}

export interface UpstreamManifest {
  bytes: Buffer
  mediaType: string
}

export interface UpstreamBlob {
  /** Of the whole blob, in bytes; nothing when the upstream does not say. */
  size: number | undefined
  /** Where the body begins: 0, when the upstream does not go on where it was asked to. */
  start: number
  body: AsyncIterable<Uint8Array>
}

export interface UpstreamReferrers {
  mediaType: string
  bytes: Buffer
  filters: string | undefined
}

/** Without the list types registries give the image of some platform, or one of an old format. */
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

const OLD_FORMAT = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/

export class UpstreamClient {
  readonly #config: UpstreamConfig
  readonly #requests: UpstreamRequests
  readonly #clock: Clock
  readonly #budget: RateBudget
  readonly #breaker: CircuitBreaker
  /** Manifests must not stand in a line behind layers. */
  readonly #smallGate: Gate
  readonly #blobGate: Gate

  constructor({ config, requests, clock, budget, breaker }: UpstreamClientOptions) {
    this.#config = config
    this.#requests = requests
    this.#clock = clock
    this.#budget = budget
    this.#breaker = breaker
    const small = Math.max(1, Math.floor(config.connectionsMax / 4))
    this.#smallGate = new Gate(small)
    this.#blobGate = new Gate(Math.max(1, config.connectionsMax - small))
  }

  /** The digest behind a tag, which costs no pull; nothing when the upstream does not say. */
  headManifest(name: string, tag: string, signal?: AbortSignal): Promise<Digest | undefined> {
    return this.#small(async () => {
      const answer = await this.#manifestRequest('HEAD', { name, reference: tag, signal })
      drop(answer, this.#clock)
      if (answer.status === 405) return undefined
      this.#check(answer, `${name}:${tag}`, 'all')
      return parseDigest(answer.headers['docker-content-digest'] ?? '')
    })
  }

  /** Costs one of the pulls that the upstream allows. The bytes are not compared with any digest yet. */
  getManifest(
    name: string,
    reference: string,
    { purpose, signal }: { purpose: Purpose; signal?: AbortSignal | undefined },
  ): Promise<UpstreamManifest> {
    return this.#small(() =>
      this.#budget.pull(purpose, async () => {
        const answer = await this.#manifestRequest('GET', { name, reference, signal })
        this.#budget.observe(answer.headers)
        this.#check(answer, `${name}:${reference}`, 'manifests')
        const mediaType = this.#manifestType(answer, `${name}:${reference}`)
        const bytes = await this.#read(answer, {
          bytesMax: registryLimits.manifestBytesMax,
          what: `the manifest of ${name}:${reference}`,
        })
        return { bytes, mediaType }
      }),
    )
  }

  /** Gives a blob from `start` on to `use`; its connection ends with that. */
  async readBlob<Result>(
    name: string,
    digest: Digest,
    options: { start: number; signal: AbortSignal },
    use: (blob: UpstreamBlob) => Promise<Result>,
  ): Promise<Result> {
    const { start, signal } = options
    return this.#blobGate.run(async () => {
      const headers = start > 0 ? { range: `bytes=${start}-` } : {}
      const path = `/v2/${name}/blobs/${digest}`
      const answer = await this.#breaker.run(async () => {
        const opened = await this.#requests.send({ method: 'GET', path, name, headers, signal })
        this.#check(opened, `blob ${digest} of ${name}`, 'all')
        return opened
      })
      try {
        return await use(this.#blobOf(answer, `blob ${digest} of ${name}`, start))
      } finally {
        answer.controller.abort(new Error('nobody reads on'))
      }
    })
  }

  /** Size of a blob in bytes; nothing when the upstream does not say. Throws `unknown`. */
  headBlob(name: string, digest: Digest): Promise<number | undefined> {
    return this.#small(async () => {
      const path = `/v2/${name}/blobs/${digest}`
      const answer = await this.#requests.send({ method: 'HEAD', path, name })
      drop(answer, this.#clock)
      this.#check(answer, `blob ${digest} of ${name}`, 'all')
      return lengthOf(answer)
    })
  }

  /** All tags of a repository, over as many pages as there are, within limits. */
  tags(name: string): Promise<string[]> {
    return this.#small(async () => {
      const tags = new Set<string>()
      let path: string | undefined = `/v2/${name}/tags/list?n=1000`
      for (let page = 0; path !== undefined && page < mirrorLimits.tagPagesMax; page++) {
        const answer: UpstreamAnswer = await this.#requests.send({ method: 'GET', path, name })
        this.#check(answer, `tags of ${name}`, 'all')
        const what = `the list of tags of ${name}`
        const body = await this.#read(answer, { bytesMax: mirrorLimits.tagsBytesMax, what })
        const before = tags.size
        for (const tag of tagsIn(body, what)) tags.add(tag)
        if (tags.size === before || tags.size > mirrorLimits.tagsMax) break
        path = nextPage(answer.headers['link'], name)
      }
      return [...tags].toSorted()
    })
  }

  /** What refers to a manifest. Throws `unknown` where the upstream has no such list. */
  referrers(name: string, digest: Digest, query: string): Promise<UpstreamReferrers> {
    return this.#small(async () => {
      const path = `/v2/${name}/referrers/${digest}${query}`
      const answer = await this.#requests.send({ method: 'GET', path, name })
      this.#check(answer, `referrers of ${digest} in ${name}`, 'all')
      const what = `the list of referrers of ${digest}`
      const bytes = await this.#read(answer, { bytesMax: mirrorLimits.referrersBytesMax, what })
      const mediaType = contentType(answer)
      if (!isManifestMediaType(mediaType)) throw this.#notRegistry(answer, what)
      return { mediaType, bytes, filters: answer.headers['oci-filters-applied'] }
    })
  }

  #small<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#smallGate.run(() => this.#breaker.run(work))
  }

  #manifestRequest(
    method: UpstreamRequest['method'],
    {
      name,
      reference,
      signal,
    }: { name: string; reference: string; signal: AbortSignal | undefined },
  ): Promise<UpstreamAnswer> {
    // The reference becomes a part of a URL.
    if (!isTag(reference) && parseDigest(reference) === undefined)
      throw new UpstreamError('unknown', `"${reference}" is neither a tag nor a digest`)
    const path = `/v2/${name}/manifests/${reference}`
    return this.#requests.send({ method, path, name, headers: { accept: MANIFEST_TYPES }, signal })
  }

  /** Throws what any status but success means. */
  #check(answer: UpstreamAnswer, what: string, counted: 'all' | 'manifests'): void {
    const { status, headers, isElsewhere } = answer
    if (status >= 200 && status < 300) return
    drop(answer, this.#clock)
    const { host } = this.#config
    if (status === 429) throw this.#budget.refused(counted, headers)
    if (isElsewhere && status < 500)
      throw new UpstreamError('untrue', `where ${host} sends for ${what}, the answer is ${status}`)
    if (status === 404) throw new UpstreamError('unknown', `${host} has no ${what}`)
    if (status === 401 || status === 403)
      throw new UpstreamError('denied', `${host} has no ${what}, or hides it`)
    throw new UpstreamError(
      status >= 500 ? 'unreachable' : 'untrue',
      `${host} answered ${status} for ${what}`,
    )
  }

  #manifestType(answer: UpstreamAnswer, what: string): string {
    const mediaType = contentType(answer)
    if (isManifestMediaType(mediaType)) return mediaType
    drop(answer, this.#clock)
    if (OLD_FORMAT.test(mediaType))
      throw new UpstreamError(
        'unsupported',
        `${this.#config.host} has ${what} in Docker's first format only (schema 1), which is not served here: ` +
          'push the image there again with a client of this decade',
      )
    throw this.#notRegistry(answer, what)
  }

  #blobOf(answer: UpstreamAnswer, what: string, wanted: number): UpstreamBlob {
    if (contentType(answer) === 'text/html') throw this.#notRegistry(answer, what)
    this.#checkCoding(answer, what)
    const length = lengthOf(answer)
    const { clock, controller } = { clock: this.#clock, controller: answer.controller }
    const body = moving(answer.body, { clock, what, controller })
    if (answer.status !== 206) return { size: length, start: 0, body }
    const range = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/.exec(
      answer.headers['content-range'] ?? '',
    )
    if (range === null || Number(range[1]) !== wanted)
      throw new UpstreamError('untrue', `${this.#config.host} sent another part of ${what}`)
    return { size: range[2] === '*' ? undefined : Number(range[2]), start: wanted, body }
  }

  async #read(
    answer: UpstreamAnswer,
    { bytesMax, what }: { bytesMax: number; what: string },
  ): Promise<Buffer> {
    this.#checkCoding(answer, what)
    const { controller } = answer
    const limit = { clock: this.#clock, ms: mirrorLimits.smallBodyMs, what, controller }
    try {
      return await inTime(limit, collect(answer.body, { bytesMax, what }))
    } catch (error) {
      controller.abort(error)
      throw error
    }
  }

  #checkCoding(answer: UpstreamAnswer, what: string): void {
    const coding = answer.headers['content-encoding'] ?? 'identity'
    if (coding === 'identity') return
    drop(answer, this.#clock)
    throw new UpstreamError(
      'untrue',
      `${this.#config.host} sent ${what} as ${coding}, which was not asked for`,
    )
  }

  #notRegistry(answer: UpstreamAnswer, what: string): UpstreamError {
    return new UpstreamError(
      'untrue',
      `${this.#config.host} sent "${contentType(answer)}" for ${what}: that is no registry's answer, ` +
        'perhaps a log-in page of the network',
    )
  }
}

const contentType = ({ headers }: UpstreamAnswer): string =>
  (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()

function lengthOf({ headers }: UpstreamAnswer): number | undefined {
  const text = headers['content-length'] ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function tagsIn(body: Buffer, what: string): string[] {
  try {
    const { tags } = JSON.parse(body.toString()) as { tags?: unknown }
    // Registries send null for none.
    if (tags === null || tags === undefined) return []
    if (!Array.isArray(tags)) throw new SyntaxError('"tags" is no list')
    return tags.filter((tag): tag is string => typeof tag === 'string' && isTag(tag))
  } catch (error) {
    throw new UpstreamError('untrue', `${what} is none`, { cause: error })
  }
}

/** Of a `Link` only the place in the list is taken: where to ask is known. */
function nextPage(link: string | undefined, name: string): string | undefined {
  const target = /<([^>]{1,4096})>\s*;[^,]*rel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined || !URL.canParse(target, 'https://upstream')) return undefined
  const query = new URL(target, 'https://upstream').searchParams.toString()
  return query === '' ? undefined : `/v2/${name}/tags/list?${query}`
}
