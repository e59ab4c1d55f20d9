// The kinds of content that the conformance program pushes.
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Algorithm, digest } from './oci-client.ts'

export const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'
const EMPTY = 'application/vnd.oci.empty.v1+json'
const EXAMPLE = 'application/vnd.example.oci.conformance.v1'

export interface Descriptor {
  mediaType: string
  digest: string
  size: number
  [field: string]: unknown
}

export interface Manifest {
  mediaType: string
  bytes: Buffer
  digest: string
  subject?: string
}

/** What is pushed together; manifests in the order in which they may be pushed. */
export class Content {
  readonly blobs = new Map<string, Buffer>()
  readonly manifests: Manifest[] = []
  readonly tags = new Map<string, string>()
  /** Tags are parameters of the push by digest. */
  tagsAreParameters = false
  readonly algorithm: Algorithm

  constructor(algorithm: Algorithm = 'sha256') {
    this.algorithm = algorithm
  }

  blob(bytes: Buffer, mediaType: string): Descriptor {
    const name = digest(bytes, this.algorithm)
    this.blobs.set(name, bytes)
    return { mediaType, digest: name, size: bytes.length }
  }

  layers(count: number, isCompressed = true): Descriptor[] {
    return Array.from({ length: count }, () =>
      isCompressed
        ? this.blob(gzipSync(randomBytes(2_048)), `${OCI_LAYER}+gzip`)
        : this.blob(randomBytes(2_048), OCI_LAYER),
    )
  }

  config(): Descriptor {
    const config = { architecture: 'amd64', os: 'linux', id: randomBytes(8).toString('hex') }
    return this.blob(Buffer.from(JSON.stringify(config)), OCI_CONFIG)
  }

  manifest(document: Record<string, unknown>, tag?: string): Descriptor {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...document }))
    const mediaType = document['mediaType'] as string
    const name = digest(bytes, this.algorithm)
    const subject = (document['subject'] as Descriptor | undefined)?.digest
    this.manifests.push({ mediaType, bytes, digest: name, ...(subject && { subject }) })
    if (tag !== undefined) this.tags.set(tag, name)
    return { mediaType, digest: name, size: bytes.length }
  }

  image(more: Record<string, unknown> = {}, tag?: string): Descriptor {
    const parts = { config: this.config(), layers: this.layers(2) }
    return this.manifest({ mediaType: OCI_IMAGE, ...parts, ...more }, tag)
  }

  artifact(more: Record<string, unknown> = {}, tag?: string): Descriptor {
    const config = this.blob(Buffer.from('{}'), EMPTY)
    const layers = [this.blob(randomBytes(512), EXAMPLE)]
    const document = { mediaType: OCI_IMAGE, artifactType: EXAMPLE, config, layers }
    return this.manifest({ ...document, ...more }, tag)
  }

  index(children: Descriptor[], more: Record<string, unknown> = {}, tag?: string): Descriptor {
    return this.manifest({ mediaType: OCI_INDEX, manifests: children, ...more }, tag)
  }
}

const content = (make: (content: Content) => void, algorithm?: Algorithm) => () => {
  const made = new Content(algorithm)
  make(made)
  return made
}

const platform = (architecture: string) => ({ platform: { os: 'linux', architecture } })
const multi = (c: Content) => [
  { ...c.image(), ...platform('amd64') },
  { ...c.image(), ...platform('arm64') },
]
const annotations = { 'org.opencontainers.conformance': 'hello conformance test' }
const nowhere = (mediaType: string) => ({
  mediaType,
  digest: digest(randomBytes(64)),
  size: 1_024,
})

const tagged = (c: Content, name: string) => {
  c.tagsAreParameters = true
  c.index(multi(c), {}, name)
  for (const [at, manifest] of c.manifests.entries()) c.tags.set(`${name}-${at}`, manifest.digest)
}

/** By the names that the conformance program gives them. */
export const contents: Record<string, () => Content> = {
  image: content((c) => c.image({}, 'image')),
  'image-uncompressed': content((c) =>
    c.image({ layers: c.layers(2, false) }, 'image-uncompressed'),
  ),
  'large-manifest': content((c) => {
    const large = Array.from({ length: 390 }, (_, at) => [
      `large-annotation-${at}`,
      'A'.repeat(10_000),
    ])
    c.image({ annotations: Object.fromEntries(large) as unknown }, 'large-manifest')
  }),
  index: content((c) => c.index(multi(c), {}, 'index')),
  'nested-index': content((c) =>
    c.index([c.index(multi(c)), c.index(multi(c))], {}, 'index-of-index'),
  ),
  'empty-index': content((c) => c.index([], {}, 'index')),
  artifact: content((c) => c.artifact({}, 'artifact')),
  'artifact-index': content((c) =>
    c.index([c.artifact(), c.artifact()], { artifactType: EXAMPLE }, 'artifact-index'),
  ),
  'artifact-without-layers': content((c) =>
    c.artifact({ layers: [c.blob(Buffer.from('{}'), EMPTY)] }, 'artifact-without-layers'),
  ),
  'artifacts-with-subject': content((c) => {
    const subject = c.image({}, 'image')
    c.image({ subject })
    c.artifact({ subject, annotations }, 'tagged-artifact1')
    c.artifact({ subject, annotations, artifactType: `${EXAMPLE}.2` }, 'tagged-artifact2')
  }),
  'index-with-subject': content((c) => {
    const subject = c.index(multi(c), {}, 'index')
    c.index([c.artifact()], { subject, artifactType: EXAMPLE, annotations }, 'tagged-artifact')
  }),
  'missing-subject': content((c) =>
    c.artifact({ subject: nowhere(OCI_IMAGE), annotations }, 'tagged-artifact'),
  ),
  'data-field': content((c) => {
    const data = Buffer.from('{"a":"b"}')
    c.image(
      { config: { ...c.blob(data, OCI_CONFIG), data: data.toString('base64') } },
      'data-field',
    )
  }),
  'non-distributable-layers': content((c) => {
    const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
    const urls = ['https://store.example.com/blobs']
    const layers = [
      { ...nowhere(`${mediaType}+gzip`), urls },
      { ...nowhere(mediaType), urls },
      ...c.layers(1),
    ]
    c.image({ layers }, 'non-distributable-image')
  }),
  'custom-fields': content((c) =>
    c.index([c.image({ 'org.example.extra': { deep: [1] } })], { extra: 'field' }, 'custom-fields'),
  ),
  'no-layers': content((c) => c.image({ layers: [] }, 'no-layers')),
  sparse: content((c) => {
    c.image({ layers: [nowhere(`${OCI_LAYER}+gzip`), ...c.layers(1)] }, 'sparse-image')
    const here = { ...c.image(), ...platform('amd64') }
    c.index([here, { ...nowhere(OCI_IMAGE), ...platform('arm64') }], {}, 'sparse-index')
  }),
  sha512: content((c) => c.index(multi(c)), 'sha512'),
  'tag-param-sha256': content((c) => tagged(c, 'tag-param-sha256')),
  'tag-param-sha512': content((c) => tagged(c, 'tag-param-sha512'), 'sha512'),
}
