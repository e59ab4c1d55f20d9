// Upload sessions: bytes arrive in one or many requests, are hashed on the way to their object and
// become a blob of the session's repository when the digest is right. A session survives a
// restart of the registry at the exact byte: its object's size is the offset.
import { createHash, type Hash } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { BlobStore, ObjectWriter } from './blob-store.ts'
import { algorithmOf, type Digest, type DigestAlgorithm } from './digest.ts'
import { RequestCut } from './http-message.ts'
import type { Metadata } from './metadata.ts'
import type { Quotas } from './quotas.ts'
import { randomKey } from './random-key.ts'
import { projectOf } from './repository-name.ts'
import { RegistryError } from './registry-error.ts'
import { removeDoomed } from './remove-doomed.ts'
import { registryLimits } from './registry-limits.ts'
import type { UploadRow } from './upload-rows.ts'
import { receivedRange, transfer, type UploadChunk, uploadUnknown } from './upload-transfer.ts'

/** Who may touch a session: the actor that opened it, through the repository it was opened in. */
export interface UploadOwner {
  repository: string
  actor: string
}

interface Session {
  readonly row: UploadRow
  algorithm: DigestAlgorithm
  /** Hash of the first `offset` bytes; nothing until the object was read again. */
  hash: Hash | undefined
  offset: number
  touchedAt: number
  busy: boolean
  cancelled: boolean
  /** Bytes of it that count for its project's quota. */
  reserved: number
}

export interface UploadsOptions {
  metadata: Metadata
  store: BlobStore
  clock: Clock
  random: Random
  log: Logger
  quotas: Quotas
}

export class Uploads {
  readonly #metadata: Metadata
  readonly #store: BlobStore
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Logger
  readonly #quotas: Quotas
  readonly #sessions = new Map<string, Session>()

  constructor(options: UploadsOptions) {
    this.#metadata = options.metadata
    this.#store = options.store
    this.#clock = options.clock
    this.#random = options.random
    this.#log = options.log
    this.#quotas = options.quotas
  }

  /** Opens a session and returns its id. */
  start(owner: UploadOwner, algorithm: DigestAlgorithm = 'sha256'): string {
    const { repositories, uploads } = this.#metadata
    const now = this.#clock.now()
    const row = this.#metadata.transaction(() => {
      if (uploads.count() >= registryLimits.uploadsMax)
        throw new RegistryError('TOOMANYREQUESTS', 'too many uploads are open', {
          headers: { 'Retry-After': '60' },
        })
      const upload: UploadRow = {
        id: randomKey(this.#random),
        repositoryId: repositories.ensure(owner.repository, now).id,
        project: projectOf(owner.repository),
        actor: owner.actor,
        objectKey: randomKey(this.#random),
        touchedAt: now,
      }
      uploads.insert(upload)
      return upload
    })
    const session = sleeping(row)
    session.algorithm = algorithm
    session.hash = createHash(algorithm)
    this.#sessions.set(row.id, session)
    return row.id
  }

  /** Bytes received so far. */
  async offset(id: string, owner: UploadOwner): Promise<number> {
    const session = this.#find(id, owner)
    if (session.hash !== undefined) return session.offset
    return (await this.#store.size(session.row.objectKey)) ?? 0
  }

  /** Receives a piece and returns the bytes received so far. */
  async append(id: string, owner: UploadOwner, chunk: UploadChunk): Promise<number> {
    return this.#alone(id, owner, async (session) => {
      await this.#receive(session, chunk, { durable: false })
      return session.offset
    })
  }

  /** Receives the last piece, which may be empty, and makes the blob. */
  async finish(
    id: string,
    owner: UploadOwner,
    { digest, ...chunk }: UploadChunk & { digest: Digest },
  ): Promise<void> {
    await this.#alone(id, owner, async (session) => {
      await this.#receive(session, chunk, { durable: true })
      await this.#complete(session, digest)
    })
  }

  /** A whole blob in one request. The client never learns the session, so it ends in any case. */
  async receive(
    owner: UploadOwner,
    { digest, body }: { digest: Digest; body: AsyncIterable<Uint8Array> },
  ): Promise<void> {
    const id = this.start(owner, algorithmOf(digest))
    try {
      await this.finish(id, owner, { body, range: undefined, digest })
    } catch (error) {
      const session = this.#sessions.get(id)
      if (session !== undefined) await this.#discard(session)
      throw error
    }
  }

  /** Ends a session without a blob; one that is receiving ends at its next chunk. */
  async cancel(id: string, owner: UploadOwner): Promise<void> {
    const session = this.#find(id, owner)
    if (session.busy) session.cancelled = true
    else await this.#discard(session)
  }

  /** Removes sessions without progress for too long, and what a crash left half removed. */
  async sweep(): Promise<void> {
    const before = this.#clock.now() - registryLimits.uploadIdleMs
    for (const row of this.#metadata.uploads.idleSince(before)) {
      const session = this.#sessions.get(row.id) ?? sleeping(row)
      if (session.busy) continue
      await this.#discard(session)
      this.#log.info('removed an idle upload', { upload: row.id.slice(0, 8) })
    }
    for (const key of this.#metadata.blobs.doomed()) await this.#removeObject(key)
  }

  #find(id: string, owner: UploadOwner): Session {
    const known = this.#sessions.get(id)
    const row = known?.row ?? this.#metadata.uploads.find(id)
    const repositoryId = this.#metadata.repositories.find(owner.repository)?.id
    // One answer for all, so that nobody learns of another's session.
    if (row === undefined || row.repositoryId !== repositoryId || row.actor !== owner.actor)
      throw uploadUnknown()
    const session = known ?? sleeping(row)
    if (session.cancelled) throw uploadUnknown()
    this.#sessions.set(id, session)
    return session
  }

  /** Runs `work` on a session that nobody else writes to. */
  async #alone<Result>(
    id: string,
    owner: UploadOwner,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const session = this.#find(id, owner)
    if (session.busy)
      throw new RegistryError('BLOB_UPLOAD_INVALID', 'another request is writing to this upload', {
        status: 409,
      })
    session.busy = true
    try {
      await this.#wake(session)
      return await work(session)
    } finally {
      session.busy = false
      if (session.cancelled) await this.#discard(session)
    }
  }

  /** Reads what is there already once more when its hash is not in memory, as after a restart. */
  async #wake(session: Session): Promise<void> {
    if (session.hash !== undefined) return
    const { objectKey } = session.row
    const size = (await this.#store.size(objectKey)) ?? 0
    const hash = createHash(session.algorithm)
    for await (const bytes of this.#store.read(objectKey, { start: 0, endExclusive: size }))
      hash.update(bytes)
    session.hash = hash
    session.offset = size
    this.#settle(session)
  }

  /** Has the quota count what the session holds, no more and no less. */
  #settle(session: Session): void {
    const { row, offset, reserved } = session
    if (offset > reserved) this.#quotas.reserve(row.project, offset - reserved)
    else this.#quotas.release(row.project, reserved - offset)
    session.reserved = offset
  }

  #release(session: Session): void {
    this.#quotas.release(session.row.project, session.reserved)
    session.reserved = 0
  }

  async #receive(
    session: Session,
    { body, range }: UploadChunk,
    { durable }: { durable: boolean },
  ): Promise<void> {
    const start = session.offset
    if (range !== undefined && range.start !== start) throw outOfOrder(session.row.id, start)
    const writer = await this.#store.append(session.row.objectKey, start)
    try {
      await transfer(session, writer, { body, range, came: () => this.#settle(session) })
    } catch (error) {
      // What an interrupted client sent is good, and where it goes on; all else is taken back.
      if (error instanceof RequestCut) await this.#close(session, writer, false)
      else await this.#takeBack(session, writer, start)
      throw error
    }
    await this.#close(session, writer, durable)
    this.#touch(session)
  }

  async #takeBack(session: Session, writer: ObjectWriter, start: number): Promise<void> {
    session.hash = undefined
    session.offset = start
    this.#settle(session)
    await writer.abort()
  }

  async #close(session: Session, writer: ObjectWriter, durable: boolean): Promise<void> {
    try {
      await writer.close({ durable })
    } catch (error) {
      session.hash = undefined
      throw error
    }
  }

  #touch(session: Session): void {
    const now = this.#clock.now()
    if (now - session.touchedAt < registryLimits.uploadTouchIntervalMs) return
    session.touchedAt = now
    this.#metadata.uploads.touch(session.row.id, now)
  }

  async #complete(session: Session, digest: Digest): Promise<void> {
    // Only now is the algorithm of the digest known; another than sha256 costs a second reading.
    if (session.algorithm !== algorithmOf(digest)) {
      session.algorithm = algorithmOf(digest)
      session.hash = undefined
      await this.#wake(session)
    }
    const received = `${session.algorithm}:${session.hash!.digest('hex')}`
    session.hash = undefined
    if (session.cancelled) throw uploadUnknown()
    if (received !== digest) {
      await this.#discard(session)
      throw new RegistryError('DIGEST_INVALID', `the bytes received have digest ${received}`, {
        detail: { expected: digest, received },
      })
    }
    const doomed = this.#commit(session, digest)
    if (doomed !== undefined) await this.#removeObject(doomed)
  }

  /** Makes the blob, or, when its bytes are there already, only the link to it. Gives the key of the object that goes. */
  #commit(session: Session, digest: Digest): string | undefined {
    const { row, offset } = session
    const { blobs, uploads, check } = this.#metadata
    const now = this.#clock.now()
    const doomed = this.#metadata.transaction(() => {
      const known = blobs.find(digest)
      const blob = known ?? blobs.insert({ digest, size: offset, objectKey: row.objectKey }, now)
      const useless = blob.damagedAt === null ? row.objectKey : check.healed(blob.id, row.objectKey)
      if (known !== undefined) blobs.doom(useless)
      blobs.link(row.repositoryId, blob.id, now)
      uploads.delete(row.id)
      return known === undefined ? undefined : useless
    })
    this.#release(session)
    this.#sessions.delete(row.id)
    return doomed
  }

  async #discard(session: Session): Promise<void> {
    const { row } = session
    this.#release(session)
    this.#sessions.delete(row.id)
    const doomed = this.#metadata.transaction(() => {
      // Once the session is gone, its object is a blob's.
      if (!this.#metadata.uploads.delete(row.id)) return false
      this.#metadata.blobs.doom(row.objectKey)
      return true
    })
    if (doomed) await this.#removeObject(row.objectKey)
  }

  #removeObject(key: string): Promise<void> {
    return removeDoomed({ metadata: this.#metadata, store: this.#store }, key)
  }
}

/** The distribution spec asks for 416 and for where to go on. */
function outOfOrder(id: string, offset: number): RegistryError {
  return new RegistryError('BLOB_UPLOAD_INVALID', `the upload goes on at byte ${offset}`, {
    status: 416,
    headers: { Range: receivedRange(offset), 'Docker-Upload-UUID': id },
  })
}

function sleeping(row: UploadRow): Session {
  return {
    row,
    algorithm: 'sha256',
    hash: undefined,
    offset: 0,
    touchedAt: row.touchedAt,
    busy: false,
    cancelled: false,
    reserved: 0,
  }
}
