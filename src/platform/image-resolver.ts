// What an image name that a user wrote stands for.
import { isOwnHost, parseImageName, REGISTRY_HOST } from '#kinds/ccs/image-name.ts'

export type ResolvedName =
  /** Full name; with a digest when the image is in our registry. */
  { found: true; image: string } | { found: false; message: string }

export type ImageResolver = (project: string, image: string) => Promise<ResolvedName>

/** Asks the registry for the digest of a tag or digest; undefined when it has no such image. */
export type LookUpDigest = (repository: string, reference: string) => Promise<string | undefined>

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
