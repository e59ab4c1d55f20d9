// Looks up what a manifest refers to in its repository.
import type { Digest } from './digest.ts'
import { type Descriptor, isManifestMediaType, type ManifestDocument } from './manifest-document.ts'
import type { Metadata } from './metadata.ts'
import { RegistryError } from './registry-error.ts'

export interface References {
  blobIds: Set<number>
  childIds: Set<number>
  /** Layers and manifests that are not in the repository: a client may push them later, or never. */
  missing: Set<Digest>
  /** Bytes of all that is referred to; what two children share counts twice. */
  bytes: number
}

/** Layers that stay at their origin and are never pushed (OCI image spec, "layer.md"). */
const nondistributable = /\.nondistributable\.|\.foreign\./

/**
 * Finds what `document` refers to. An index may list platforms that are nowhere, and an image layers (decision 59);
 * throws when the config is not there, without which an image is nothing.
 */
export function resolveReferences(
  metadata: Metadata,
  repositoryId: number,
  document: ManifestDocument,
): References {
  const found: References = {
    blobIds: new Set(),
    childIds: new Set(),
    missing: new Set(),
    bytes: 0,
  }
  const resolve = (descriptor: Descriptor, find: typeof findBlob) => {
    const size = find(metadata, repositoryId, descriptor.digest, found)
    if (size === undefined) found.missing.add(descriptor.digest)
    else if (size.own !== descriptor.size) throw wrongSize(descriptor, size.own)
    else found.bytes += size.total
  }
  const { config, layers, children } = document
  if (config !== undefined) resolve(config, findBlob)
  for (const layer of layers) if (!nondistributable.test(layer.mediaType)) resolve(layer, findBlob)
  // A build cache is an index whose children are layers.
  for (const child of children)
    resolve(child, isManifestMediaType(child.mediaType) ? findManifest : findBlob)
  if (config !== undefined && found.missing.has(config.digest))
    throw new RegistryError(
      'MANIFEST_BLOB_UNKNOWN',
      `the config of the image is not in this repository: ${config.digest}`,
      { detail: { missing: [...found.missing] } },
    )
  return found
}

interface Size {
  own: number
  total: number
}

function findBlob(
  metadata: Metadata,
  repositoryId: number,
  digest: Digest,
  found: References,
): Size | undefined {
  const blob = metadata.blobs.findIn(repositoryId, digest)
  if (blob === undefined) return undefined
  found.blobIds.add(blob.id)
  return { own: blob.size, total: blob.size }
}

function findManifest(
  metadata: Metadata,
  repositoryId: number,
  digest: Digest,
  found: References,
): Size | undefined {
  const manifest = metadata.manifests.findIn(repositoryId, digest)
  if (manifest === undefined) return undefined
  found.childIds.add(manifest.id)
  return { own: manifest.bytes.length, total: manifest.imageSize }
}

function wrongSize({ digest, size }: Descriptor, actual: number): RegistryError {
  return new RegistryError(
    'MANIFEST_INVALID',
    `the manifest says ${digest} has ${size} bytes, it has ${actual}`,
  )
}
