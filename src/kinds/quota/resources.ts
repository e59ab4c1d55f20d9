// Which resources a ResourceQuota may bound, and which of them each scope selects.
// The sets are those of Kubernetes' core validation.
import type { ResourceQuotaSpec } from '../k8s/core.ts'

export type QuotaScope = NonNullable<ResourceQuotaSpec['scopes']>[number]

export const HUGE_PAGES = 'hugepages-'
const REQUESTS_HUGE_PAGES = `requests.${HUGE_PAGES}`

/** Counted in pieces. */
const PIECES = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
])

const AMOUNTS = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
])

export const isHugePages = (name: string): boolean =>
  name.startsWith(HUGE_PAGES) || name.startsWith(REQUESTS_HUGE_PAGES)

/** Whether a quota may name it without a prefix. */
export const isQuotaResource = (name: string): boolean =>
  PIECES.has(name) || AMOUNTS.has(name) || isHugePages(name)

/** A resource of devices: "example.com/gpu". */
export const isExtendedResource = (name: string): boolean =>
  name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.')

export const isCountedInPieces = (name: string): boolean =>
  PIECES.has(name) || isExtendedResource(name)

const PODS = ['pods']
const PODS_AND_COMPUTE = [
  ...PODS,
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
]
const CLAIMS = ['persistentvolumeclaims', 'requests.storage']

/** What a quota of a scope may bound, of the resources that need no prefix. */
const SCOPED: Readonly<Record<QuotaScope, readonly string[]>> = {
  BestEffort: PODS,
  NotBestEffort: PODS_AND_COMPUTE,
  Terminating: PODS_AND_COMPUTE,
  NotTerminating: PODS_AND_COMPUTE,
  PriorityClass: PODS_AND_COMPUTE,
  CrossNamespacePodAffinity: PODS_AND_COMPUTE,
  VolumeAttributesClass: CLAIMS,
}

export const isQuotaScope = (name: string): name is QuotaScope => Object.hasOwn(SCOPED, name)

export const isValidInScope = (scope: string, resource: string): boolean =>
  !isQuotaScope(scope) || !isQuotaResource(resource) || SCOPED[scope].includes(resource)
