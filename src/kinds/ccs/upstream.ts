// An upstream: a registry of others, such as Docker Hub, whose images this one mirrors. What is
// fetched of it lies in a project named by its host ("docker.io/library/nginx"), which nobody pushes to.
import type { Condition } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import { ccsRef } from './group.ts'
import type { ProjectMember, TagSelection } from './project.ts'

/** How long a tag of these is taken for what it was, before the upstream is asked again. */
export interface UpstreamTagRule extends TagSelection {
  maxAgeSeconds: number
}

export interface UpstreamSpec {
  /** As images are named: "docker.io", "registry.example.com:5000". */
  host: string
  /** Other hosts by which clients name it. */
  aliases?: string[]
  /** Where it answers, tried in order; https, or http on loopback. `https://<host>` when left out. */
  endpoints?: string[]
  /** A Secret of type kubernetes.io/basic-auth in the namespace ccs-system: who we are there. */
  credentialSecret?: string
  /** Hosts of its token service that are neither its own nor of its own domain. */
  tokenHosts?: string[]
  /** For tags that no rule means. */
  tagMaxAgeSeconds?: number
  /** The first that means a tag decides. */
  tagRules?: UpstreamTagRule[]
  /** Patterns of repositories, without the host; all when left out. */
  allow?: string[]
  /** Patterns of repositories that are not mirrored, allowed or not. */
  deny?: string[]
  /** Serve what is there and ask nothing. */
  offline?: boolean
  connectionsMax?: number
  /** Pulls of the upstream's allowance that scheduled work leaves to people and machines. */
  reservedPulls?: number
  /** Who may pull what was fetched. When left out: everyone, but only members if a credential is used. */
  visibility?: 'Private' | 'Public'
  members?: ProjectMember[]
}

export interface UpstreamPulls {
  /** What the upstream allows in a window, and what it said is left. */
  limit: number
  remaining: number
  windowSeconds: number
  /** When it said so. */
  observedAt: string
}

export interface UpstreamStatus {
  conditions?: Condition[]
  observedGeneration?: number
  /** Open: it failed again and again, and is asked now and then only. */
  breaker?: 'Closed' | 'Open'
  /** Nothing when the upstream counts nothing. */
  pulls?: UpstreamPulls
  /** Until then the upstream refuses, by its own word. */
  limitedUntil?: string
  lastError?: string
  lastErrorAt?: string
}

export interface Upstream extends KubeObject {
  spec: UpstreamSpec
  status?: UpstreamStatus
}

export const upstreams = ccsRef<Upstream>('Upstream', 'upstreams', false)

export const upstreamDefaults = {
  tagMaxAgeSeconds: 300,
  connectionsMax: 16,
  reservedPulls: 30,
} as const

export const upstreamLimits = {
  aliasesMax: 16,
  endpointsMax: 8,
  rulesMax: 50,
  patternsMax: 200,
  connectionsMax: 256,
  pullsMax: 1_000_000,
  maxAgeSeconds: 365 * 24 * 3600,
} as const

/** Where the Secrets of upstreams are. */
export const upstreamSecrets = {
  namespace: 'ccs-system',
  type: 'kubernetes.io/basic-auth',
} as const

/** The condition that says whether the upstream answers. */
export const UPSTREAM_REACHABLE = 'Reachable'

/** The project of an upstream's images: its host, with what a name cannot hold replaced. */
export const projectOfHost = (host: string): string => host.replace(':', '_')
