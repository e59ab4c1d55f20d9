// Image names as people write them: NAME[:TAG][@DIGEST], with a registry's host or without.

/** Name under which machines know the registry. */
export const REGISTRY_HOST = 'registry.ccs.internal'

export interface ImageName {
  /** Undefined when the name has none ("nginx", "team/app"). */
  host: string | undefined
  repository: string
  tag: string
  digest: string | undefined
}

const HOST = /^(localhost|[^/]*[.:][^/]*)\//
const REFERENCE =
  /^(?<repository>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/

/** Takes an image name apart as the OCI distribution clients do; undefined when it is none. */
export function parseImageName(image: string): ImageName | undefined {
  const host = HOST.exec(image)?.[1]
  const rest = host === undefined ? image : image.slice(host.length + 1)
  const groups = REFERENCE.exec(rest)?.groups
  if (groups === undefined || rest.length > 255) return undefined
  return {
    host,
    repository: groups['repository']!,
    tag: groups['tag'] ?? 'latest',
    digest: groups['digest'],
  }
}

/** Hosts of a name that mean our own registry. */
export const isOwnHost = (host: string) =>
  host === REGISTRY_HOST || /^(localhost|127\.0\.0\.1):\d+$/.test(host)

/** What machines should be told to run so that it is exactly `digest`: "web:1" -> "web:1@sha256:...". */
export const withDigest = (image: string, digest: string): string =>
  `${image.replace(/@.*$/, '')}@${digest}`

/** The digest of a full name, when it has one. */
export const digestOf = (image: string): string | undefined =>
  /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1]

const DIGEST_SHOWN = 12

/** A name for tables: a digest cut to its first characters. */
export const shortImage = (image: string): string =>
  image.replace(/@sha256:([0-9a-f]+)$/, (_, hex: string) => `@sha256:${hex.slice(0, DIGEST_SHOWN)}`)
