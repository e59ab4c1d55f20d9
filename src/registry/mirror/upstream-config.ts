// An upstream as the registry keeps it: plain data, with all defaults put in and its credential found.
import { matchesPattern } from '#kinds/ccs/image-pattern.ts'
import type { ProjectMember } from '#kinds/ccs/project.ts'
import type { UpstreamTagRule } from '#kinds/ccs/upstream.ts'

export interface UpstreamCredential {
  username: string
  password: string
}

export interface UpstreamConfig {
  /** Of the object in the hub. */
  name: string
  host: string
  aliases: readonly string[]
  /** First part of its repositories' names here. */
  project: string
  endpoints: readonly string[]
  credential?: UpstreamCredential | undefined
  tokenHosts: readonly string[]
  tagMaxAgeSeconds: number
  tagRules: readonly UpstreamTagRule[]
  allow?: readonly string[] | undefined
  deny: readonly string[]
  offline: boolean
  connectionsMax: number
  reservedPulls: number
  isPublic: boolean
  members: readonly ProjectMember[]
}

/** Docker Hub as clients know it: its official images are named without "library/". */
export const DOCKER_HUB = 'docker.io'
const OFFICIAL = 'library/'

/** A repository's name as the upstream has it, without the host. */
export function upstreamName({ host }: UpstreamConfig, name: string): string {
  return host === DOCKER_HUB && !name.includes('/') ? OFFICIAL + name : name
}

/** `name` as the upstream has it. */
export function isMirrored({ allow, deny }: UpstreamConfig, name: string): boolean {
  const means = (pattern: string) => matchesPattern(pattern, name)
  return (allow === undefined || allow.some(means)) && !deny.some(means)
}

/** How long a tag is taken for what it was. */
export function tagMaxAgeMs(config: UpstreamConfig, name: string, tag: string): number {
  const rule = config.tagRules.find(
    ({ repositories, tags }) => matchesPattern(repositories, name) && matchesPattern(tags, tag),
  )
  return (rule?.maxAgeSeconds ?? config.tagMaxAgeSeconds) * 1000
}
