// For which platforms an image is: an index says so itself, a single image in its config.
import type { Digest } from './digest.ts'
import { type ManifestDocument, platformOf } from './manifest-document.ts'

const imageConfigs = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

export async function imagePlatforms(
  { config, children }: ManifestDocument,
  readBlob: (digest: Digest) => Promise<Buffer | undefined>,
): Promise<string[]> {
  if (config === undefined) {
    const platforms = children.flatMap(({ platform }) => platform ?? [])
    return [...new Set(platforms)]
  }
  if (!imageConfigs.has(config.mediaType)) return []
  const bytes = await readBlob(config.digest)
  const platform = bytes === undefined ? undefined : platformOf(parseConfig(bytes))
  return platform === undefined ? [] : [platform]
}

/** Artifacts may carry anything as a config; what is no JSON has no platform. */
function parseConfig(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
