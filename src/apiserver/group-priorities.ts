// In which order clients prefer groups and versions, as Kubernetes' own API services say
// (groupPriorityMinimum and versionPriority of kube-aggregator).

interface Priority {
  group: number
  /** Of versions that are not the only one. */
  versions?: Readonly<Record<string, number>>
}

const PRIORITIES: Readonly<Record<string, Priority>> = {
  '': { group: 18_000, versions: { v1: 1 } },
  'apiregistration.k8s.io': { group: 18_000 },
  apps: { group: 17_800 },
  'events.k8s.io': { group: 17_750 },
  'authentication.k8s.io': { group: 17_700 },
  'authorization.k8s.io': { group: 17_600 },
  autoscaling: { group: 17_500, versions: { v1: 15, v2: 30 } },
  batch: { group: 17_400 },
  'certificates.k8s.io': { group: 17_300 },
  'networking.k8s.io': { group: 17_200 },
  policy: { group: 17_100 },
  'rbac.authorization.k8s.io': { group: 17_000 },
  'storage.k8s.io': { group: 16_800 },
  'admissionregistration.k8s.io': { group: 16_700 },
  'apiextensions.k8s.io': { group: 16_700 },
  'scheduling.k8s.io': { group: 16_600 },
  'coordination.k8s.io': { group: 16_500 },
  'node.k8s.io': { group: 16_300 },
  'discovery.k8s.io': { group: 16_200 },
  'resource.k8s.io': { group: 16_200 },
  'flowcontrol.apiserver.k8s.io': { group: 16_100, versions: { v1: 21 } },
}
const VERSION = 15
const CUSTOM = { group: 1_000, version: 100 }

export function priorityOf(group: string, version: string): { group: number; version: number } {
  const known = Object.hasOwn(PRIORITIES, group) ? PRIORITIES[group] : undefined
  if (known === undefined) return CUSTOM
  return { group: known.group, version: known.versions?.[version] ?? VERSION }
}

/** Groups in the order of discovery: by priority, then by name. */
export function compareGroups(a: string, b: string): number {
  const difference = priorityOf(b, '').group - priorityOf(a, '').group
  return difference !== 0 ? difference : a < b ? -1 : a > b ? 1 : 0
}
