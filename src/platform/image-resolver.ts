// What an image name that a user wrote stands for.

export type ResolvedName =
  /** Full name; with a digest when the image is in our registry. */
  { found: true; image: string } | { found: false; message: string }

export type ImageResolver = (project: string, image: string) => Promise<ResolvedName>

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

/** Asks the registry for the digest of a tag or digest; undefined when it has no such image. */
export type LookUpDigest = (repository: string, reference: string) => Promise<string | undefined>

/** Hosts of a name that mean our own registry. */
const isOwnHost = (host: string) =>
  host === REGISTRY_HOST || /^(localhost|127\.0\.0\.1):\d+$/.test(host)

/**
 * Names with a host of their own are taken as they are. A bare name is the project's own repository if that
 * exists, then `library` of the registry; a name with our host must exist.
 */
export function createImageResolver(lookUp: LookUpDigest): ImageResolver {
  return async (project, image) => {
    const name = parseImageName(image)
    if (name === undefined)
      return { found: false, message: `"${image}" is not an image name; write NAME[:TAG]` }
    if (name.host !== undefined && !isOwnHost(name.host)) return { found: true, image }
    const candidates =
      name.host === undefined
        ? [`${project}/${name.repository}`, name.repository, `library/${name.repository}`]
        : [name.repository]
    for (const repository of candidates.filter((candidate) => candidate.includes('/'))) {
      const digest = await lookUp(repository, name.digest ?? name.tag)
      if (digest !== undefined)
        return { found: true, image: `${REGISTRY_HOST}/${repository}:${name.tag}@${digest}` }
    }
    return {
      found: false,
      message:
        `image "${image}" is not in the registry (looked for ${candidates.join(', ')} with ` +
        `${name.digest ?? `tag "${name.tag}"`}). Push it, or build it with 'ccs image build DIR -t ${image}'`,
    }
  }
}
