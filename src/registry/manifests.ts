// Storing, finding and deleting manifests. A manifest is taken only when all that it refers to is
// in its repository, checked in the transaction that stores it.
import type { Clock } from '#base/clock.ts'
import type { BlobStore } from './blob-store.ts'
import { algorithmOf, type Digest, digestOf } from './digest.ts'
import { imagePlatforms } from './image-platforms.ts'
import { type ManifestDocument, parseManifest } from './manifest-document.ts'
import { resolveReferences } from './manifest-references.ts'
import type { ManifestRow } from './manifest-rows.ts'
import { type Metadata, requireRepositoryRow } from './metadata.ts'
import type { RulesOf } from './project-rules.ts'
import { RegistryError } from './registry-error.ts'
import { registryLimits } from './registry-limits.ts'
import type { RepositoryRow } from './repository-rows.ts'
import type { Quotas } from './quotas.ts'
import { isTag, projectOf } from './repository-name.ts'
import type { ManifestReference } from './routes.ts'
import { type TagChanger, TagChanges } from './tag-changes.ts'

export interface ManifestUpload {
  repository: string
  by: TagChanger
  reference: ManifestReference
  /** More tags that shall mean it. */
  tags?: readonly string[]
  contentType: string
  bytes: Uint8Array
}

export interface StoredManifest {
  digest: Digest
  subject: Digest | undefined
  /** What it refers to and is not in the repository. */
  missing: readonly Digest[]
}

export class Manifests {
  readonly #metadata: Metadata
  readonly #store: BlobStore
  readonly #clock: Clock
  readonly #tagChanges: TagChanges
  readonly #quotas: Quotas

  constructor(options: {
    metadata: Metadata
    store: BlobStore
    clock: Clock
    rulesOf: RulesOf
    quotas: Quotas
  }) {
    this.#quotas = options.quotas
    this.#metadata = options.metadata
    this.#store = options.store
    this.#clock = options.clock
    this.#tagChanges = new TagChanges(options)
  }

  get(repository: string, reference: ManifestReference): ManifestRow & { repositoryId: number } {
    const { id } = requireRepositoryRow(this.#metadata, repository)
    const { manifests } = this.#metadata
    const row =
      reference.type === 'digest'
        ? manifests.findIn(id, reference.digest)
        : manifests.findTagged(id, reference.tag)
    if (row === undefined) throw manifestUnknown(repository, reference)
    return { ...row, repositoryId: id }
  }

  async put(upload: ManifestUpload): Promise<StoredManifest> {
    const { repository, by, reference, bytes } = upload
    const tags = [...(reference.type === 'tag' ? [reference.tag] : []), ...(upload.tags ?? [])]
    for (const tag of tags) checkTag(tag)
    const document = parseManifest(bytes, upload.contentType)
    const digest = checkedDigest(bytes, reference)
    const platforms = await imagePlatforms(document, (config) => this.#read(repository, config))
    const missing = this.#metadata.transaction(() =>
      this.#insert({ repository, by, tags, bytes, document, digest, platforms }),
    )
    return { digest, subject: document.subject, missing }
  }

  /** A tag alone when it is named by tag; by digest the manifest with all its tags. */
  delete(name: string, reference: ManifestReference, by: TagChanger): void {
    const repository = requireRepositoryRow(this.#metadata, name)
    const now = this.#clock.now()
    this.#metadata.transaction(() => {
      if (reference.type === 'digest') this.#deleteManifest(repository, reference.digest, by)
      else if (!this.#tagChanges.remove({ repository, tag: reference.tag, by }, now))
        throw manifestUnknown(name, reference)
    })
  }

  #deleteManifest(repository: RepositoryRow, digest: Digest, by: TagChanger): void {
    const { manifests, tags, events } = this.#metadata
    const now = this.#clock.now()
    const row = manifests.findIn(repository.id, digest)
    if (row === undefined) throw manifestUnknown(repository.name, { type: 'digest', digest })
    const user = manifests.userOfManifest(repository.id, row.id)
    if (user !== undefined) throw inUse(digest, user)
    const tagged = tags.namesOf(repository.id, row.id)
    for (const tag of tagged) this.#tagChanges.remove({ repository, tag, by }, now)
    manifests.unlink(repository.id, row.id)
    const trashed = { repositoryId: repository.id, manifestId: row.id, tags: tagged }
    this.#metadata.trash.insert({ ...trashed, deletedBy: by.name }, now)
    events.append({ type: 'delete', actor: by.name, repository: repository.name, digest }, now)
  }

  #insert(manifest: {
    repository: string
    by: TagChanger
    tags: readonly string[]
    bytes: Uint8Array
    document: ManifestDocument
    digest: Digest
    platforms: string[]
  }): Digest[] {
    const { document, digest, bytes, platforms, by } = manifest
    const { repositories, manifests, events, projectUsage } = this.#metadata
    const now = this.#clock.now()
    const repository = repositories.ensure(manifest.repository, now)
    const references = resolveReferences(this.#metadata, repository.id, document)
    const manifestId = manifests.ensure(
      {
        digest,
        bytes,
        platforms,
        mediaType: document.mediaType,
        subject: document.subject,
        artifactType: document.artifactType,
        annotations: document.annotations,
        imageSize: bytes.length + references.bytes,
        missing: references.missing,
      },
      now,
    )
    manifests.found(manifestId, references)
    const project = projectOf(repository.name)
    this.#quotas.check(project, projectUsage.wouldAdd('manifest', project, manifestId))
    if (manifests.link(repository.id, manifestId, now))
      events.append({ type: 'push', actor: by.name, repository: repository.name, digest }, now)
    for (const tag of manifest.tags)
      this.#tagChanges.set({ repository, tag, target: { manifestId, digest }, by }, now)
    return [...references.missing]
  }

  /** Bytes of a small blob of the repository, or nothing when it is not there. */
  async #read(repository: string, digest: Digest): Promise<Buffer | undefined> {
    const repositoryId = this.#metadata.repositories.find(repository)?.id
    if (repositoryId === undefined) return undefined
    const blob = this.#metadata.blobs.findIn(repositoryId, digest)
    if (blob === undefined || blob.size > registryLimits.configBytesMax) return undefined
    const chunks: Buffer[] = []
    const part = { start: 0, endExclusive: blob.size }
    for await (const chunk of this.#store.read(blob.objectKey, part))
      chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks)
  }
}

function checkedDigest(bytes: Uint8Array, reference: ManifestReference): Digest {
  if (reference.type === 'tag') return digestOf(bytes)
  const digest = digestOf(bytes, algorithmOf(reference.digest))
  if (digest === reference.digest) return digest
  throw new RegistryError('DIGEST_INVALID', `the bytes received have digest ${digest}`, {
    detail: { expected: reference.digest, received: digest },
  })
}

function checkTag(tag: string): void {
  if (isTag(tag)) return
  throw new RegistryError(
    'MANIFEST_INVALID',
    'a tag is at most 128 letters, digits, "_", "." and "-", and begins with none of the last two',
    { detail: { tag } },
  )
}

function manifestUnknown(repository: string, reference: ManifestReference): RegistryError {
  const name = reference.type === 'digest' ? `@${reference.digest}` : `:${reference.tag}`
  return new RegistryError('MANIFEST_UNKNOWN', `there is no manifest ${repository}${name}`)
}

export function inUse(digest: Digest, user: string): RegistryError {
  return new RegistryError('UNSUPPORTED', `${digest} is used by ${user}: delete that first`, {
    detail: { digest, usedBy: user },
  })
}
