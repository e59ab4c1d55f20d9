// Reads manifests: which kind a document is and what it refers to. The bytes are stored as they
// came; nothing here changes them.
import { type Digest, parseDigest } from './digest.ts'
import { RegistryError } from './registry-error.ts'

export interface Descriptor {
  mediaType: string
  digest: Digest
  size: number
  platform: string | undefined
}

export interface ManifestDocument {
  mediaType: string
  config: Descriptor | undefined
  layers: Descriptor[]
  /** What an index lists. */
  children: Descriptor[]
  subject: Digest | undefined
  artifactType: string | undefined
  annotations: Record<string, string> | undefined
}

type Json = Record<string, unknown>

/** Types this registry takes, by the kind of document each must be. */
const kinds = new Map<string, 'image' | 'index'>([
  ['application/vnd.oci.image.manifest.v1+json', 'image'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'image'],
  ['application/vnd.oci.image.index.v1+json', 'index'],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
])

/** The OCI type of a document may be left out in it; then the Content-Type alone says it. */
const mayOmitMediaType = /^application\/vnd\.oci\./

export function isManifestMediaType(mediaType: string): boolean {
  return kinds.has(mediaType)
}

/** Reads a manifest sent with `contentType`; throws MANIFEST_INVALID when it is not one. */
export function parseManifest(bytes: Uint8Array, contentType: string): ManifestDocument {
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase()
  const kind = kinds.get(mediaType)
  if (kind === undefined) throw invalid(`"${mediaType}" is not a manifest type taken here`)
  const json = parseObject(bytes)
  checkType(json, mediaType)
  // One document must not read as an image to one client and as an index to another.
  if (kind === 'image' && 'manifests' in json) throw invalid('an image manifest has no "manifests"')
  if (kind === 'index' && ('layers' in json || 'config' in json))
    throw invalid('an index has neither "layers" nor "config"')
  const config = kind === 'image' ? descriptor(json['config'], 'config') : undefined
  return {
    mediaType,
    config,
    layers: kind === 'image' ? descriptors(json['layers'], 'layers') : [],
    children: kind === 'index' ? descriptors(json['manifests'], 'manifests') : [],
    subject:
      json['subject'] === undefined ? undefined : descriptor(json['subject'], 'subject').digest,
    artifactType: optionalString(json['artifactType'], 'artifactType') || config?.mediaType,
    annotations: annotationsOf(json['annotations']),
  }
}

function parseObject(bytes: Uint8Array): Json {
  let value: unknown
  try {
    // A byte order mark is not JSON (RFC 8259 section 8.1), so it must reach the parser.
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    throw invalid('it is not JSON in UTF-8', error)
  }
  return object(value, 'the manifest')
}

function checkType(json: Json, mediaType: string): void {
  if (json['schemaVersion'] !== 2) throw invalid('"schemaVersion" must be 2')
  const own = optionalString(json['mediaType'], 'mediaType')
  if (own === undefined && !mayOmitMediaType.test(mediaType))
    throw invalid('"mediaType" is missing')
  if (own !== undefined && own !== mediaType)
    throw invalid(`"mediaType" is ${own}, but the Content-Type is ${mediaType}`)
}

function descriptors(value: unknown, where: string): Descriptor[] {
  if (!Array.isArray(value)) throw invalid(`"${where}" must be a list`)
  return value.map((item, index) => descriptor(item, `${where}[${index}]`))
}

function descriptor(value: unknown, where: string): Descriptor {
  const json = object(value, `"${where}"`)
  const mediaType = optionalString(json['mediaType'], `${where}.mediaType`)
  if (mediaType === undefined) throw invalid(`"${where}.mediaType" is missing`)
  const digest = parseDigest(optionalString(json['digest'], `${where}.digest`) ?? '')
  if (digest === undefined) throw invalid(`"${where}.digest" is not a sha256 or sha512 digest`)
  const size = json['size']
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`"${where}.size" must be a count of bytes`)
  return { mediaType, digest, size, platform: platformOf(json['platform']) }
}

/** "linux/arm64/v8", or nothing: attestations stand in an index as "unknown/unknown". */
export function platformOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { os, architecture, variant } = value as Json
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined
  if (os === '' || os === 'unknown' || architecture === '') return undefined
  const suffix = typeof variant === 'string' && variant !== '' ? `/${variant}` : ''
  return `${os}/${architecture}${suffix}`
}

function annotationsOf(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined
  const json = object(value, '"annotations"')
  for (const [key, text] of Object.entries(json))
    if (typeof text !== 'string') throw invalid(`annotation "${key}" must be a string`)
  return json as Record<string, string>
}

function object(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${where} must be an object`)
  return value as Json
}

function optionalString(value: unknown, where: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw invalid(`"${where}" must be a string`)
}

function invalid(message: string, cause?: unknown): RegistryError {
  return new RegistryError('MANIFEST_INVALID', `manifest refused: ${message}`, { cause })
}
