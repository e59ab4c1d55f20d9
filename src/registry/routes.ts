// What a path means. Repository names contain slashes and may look like routes
// ("a/blobs/uploads"), so the end of the path decides.
import { type Digest, parseDigest } from './digest.ts'
import { RegistryError } from './registry-error.ts'
import { isRepositoryName } from './repository-name.ts'

export type ManifestReference = { type: 'digest'; digest: Digest } | { type: 'tag'; tag: string }

export type Route =
  | { type: 'health' }
  | { type: 'ping' }
  | { type: 'catalog' }
  | { type: 'productRepositories' }
  | { type: 'productResolve' }
  | { type: 'trash' }
  | { type: 'trashEntry'; id: number }
  | { type: 'collect' }
  | { type: 'fsck' }
  | { type: 'tags'; repository: string }
  | { type: 'referrers'; repository: string; digest: Digest }
  | { type: 'blob'; repository: string; digest: Digest }
  | { type: 'uploads'; repository: string }
  | { type: 'upload'; repository: string; uploadId: string }
  | { type: 'manifest'; repository: string; reference: ManifestReference }

export type RouteType = Route['type']

const fixed = new Map<string, Route>([
  ['/healthz', { type: 'health' }],
  ['/v2', { type: 'ping' }],
  ['/v2/', { type: 'ping' }],
  ['/v2/_catalog', { type: 'catalog' }],
  ['/ccs/v1/repositories', { type: 'productRepositories' }],
  ['/ccs/v1/resolve', { type: 'productResolve' }],
  ['/ccs/v1/trash', { type: 'trash' }],
  ['/ccs/v1/collect', { type: 'collect' }],
  ['/ccs/v1/fsck', { type: 'fsck' }],
])

const patterns: { pattern: RegExp; route: (repository: string, last: string) => Route }[] = [
  {
    pattern: /^\/v2\/(.+)\/blobs\/uploads\/?$/,
    route: (repository) => ({ type: 'uploads', repository }),
  },
  {
    pattern: /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/,
    route: (repository, uploadId) => ({ type: 'upload', repository, uploadId }),
  },
  {
    pattern: /^\/v2\/(.+)\/tags\/list$/,
    route: (repository) => ({ type: 'tags', repository }),
  },
  {
    pattern: /^\/v2\/(.+)\/blobs\/([^/]+)$/,
    route: (repository, text) => ({ type: 'blob', repository, digest: requireDigest(text) }),
  },
  {
    pattern: /^\/v2\/(.+)\/referrers\/([^/]+)$/,
    route: (repository, text) => ({ type: 'referrers', repository, digest: requireDigest(text) }),
  },
  {
    pattern: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    route: (repository, text) => ({ type: 'manifest', repository, reference: reference(text) }),
  },
]

/** The route of a path; nothing when there is none; throws when a part of it is malformed. */
export function parseRoute(path: string): Route | undefined {
  const known = fixed.get(path)
  if (known !== undefined) return known
  const trash = /^\/ccs\/v1\/trash\/(\d{1,15})$/.exec(path)
  if (trash !== null) return { type: 'trashEntry', id: Number(trash[1]) }
  for (const { pattern, route } of patterns) {
    const match = pattern.exec(path)
    if (match === null) continue
    const repository = match[1]!
    requireRepository(repository)
    return route(repository, match[2] ?? '')
  }
  return undefined
}

export function requireRepository(name: string): void {
  if (isRepositoryName(name)) return
  throw new RegistryError(
    'NAME_INVALID',
    'a repository is named <project>/<name>: lower-case letters and digits, ' +
      'parted by ".", "_", "-" or "/"',
    { detail: { name } },
  )
}

/** Reads a digest as clients put it in paths and queries. */
export function requireDigest(text: string): Digest {
  const digest = parseDigest(text.replace(/%3a/i, ':'))
  if (digest !== undefined) return digest
  throw new RegistryError(
    'DIGEST_INVALID',
    'a digest is "sha256:" or "sha512:" and all its hexadecimal digits in lower case',
    { detail: { digest: text } },
  )
}

/** A colon cannot be in a tag, so what has one was meant as a digest. */
function reference(text: string): ManifestReference {
  const decoded = text.replace(/%3a/i, ':')
  return decoded.includes(':')
    ? { type: 'digest', digest: requireDigest(decoded) }
    : { type: 'tag', tag: text }
}
