// The restricted profile of the Pod Security Standards: what a hardened pod looks like.
import type { Volume } from '#kinds/k8s/core.ts'
import { hasOwnUsers, procMount } from './baseline-checks.ts'
import { seccompRestricted } from './profile-checks.ts'
import {
  type AnyContainer,
  type Check,
  type CheckPod,
  containersThat,
  namedContainers,
  plural,
  quoted,
  setters,
  sortedSet,
} from './violation.ts'

const allowPrivilegeEscalation: CheckPod = ({ spec }) => {
  const bad = containersThat(
    spec,
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  )
  if (bad.length === 0) return undefined
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${namedContainers(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  }
}

const capabilities: CheckPod = ({ spec }) => {
  const listOf = ({ securityContext }: AnyContainer, key: 'add' | 'drop') =>
    securityContext?.capabilities?.[key] ?? []
  const added = (container: AnyContainer) =>
    listOf(container, 'add').filter((name) => name !== 'NET_BIND_SERVICE')
  const keeping = containersThat(spec, (container) => !listOf(container, 'drop').includes('ALL'))
  const adding = containersThat(spec, (container) => added(container).length > 0)
  const details: string[] = []
  if (keeping.length > 0)
    details.push(`${namedContainers(keeping)} must set securityContext.capabilities.drop=["ALL"]`)
  if (adding.length > 0)
    details.push(
      `${namedContainers(adding)} must not include ${quoted(sortedSet(adding.flatMap(added)))} in securityContext.capabilities.add`,
    )
  if (details.length === 0) return undefined
  return { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

const typeOf = (volume: Volume): string =>
  Object.entries(volume).find(([key, value]) => key !== 'name' && value !== undefined)?.[0] ??
  'unknown'

const restrictedVolumes: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => !VOLUMES.has(typeOf(volume)))
  if (bad.length === 0) return undefined
  const types = sortedSet(bad.map(typeOf))
  const verb = plural('uses', bad.length, 'use')
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', bad.length)} ${quoted(bad.map(({ name }) => name))} ${verb} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
  }
}

const runAsNonRoot: CheckPod = ({ spec }) => {
  const wish = ({ securityContext }: AnyContainer) => securityContext?.runAsNonRoot
  const reason = 'runAsNonRoot != true'
  const ofPod = spec.securityContext?.runAsNonRoot
  const who = setters(
    ofPod === false,
    containersThat(spec, (container) => wish(container) === false),
  )
  if (who !== undefined)
    return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` }
  const unset = containersThat(spec, (container) => wish(container) === undefined)
  if (ofPod || unset.length === 0) return undefined
  const detail = `pod or ${namedContainers(unset)} must set securityContext.runAsNonRoot=true`
  return { reason, detail }
}

const runAsUser: CheckPod = ({ spec }) => {
  const who = setters(
    spec.securityContext?.runAsUser === 0,
    containersThat(spec, ({ securityContext }) => securityContext?.runAsUser === 0),
  )
  if (who === undefined) return undefined
  return { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` }
}

const unlessWindows =
  (check: CheckPod): CheckPod =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : check(pod)

const unlessOwnUsers =
  (check: CheckPod): CheckPod =>
  (pod) =>
    hasOwnUsers(pod.spec) ? undefined : check(pod)

/** In the order in which violations are told, after those of the baseline. */
export const RESTRICTED_CHECKS: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    versions: [
      [8, allowPrivilegeEscalation],
      [25, unlessWindows(allowPrivilegeEscalation)],
    ],
  },
  {
    id: 'capabilities_restricted',
    replaces: 'capabilities_baseline',
    versions: [
      [22, capabilities],
      [25, unlessWindows(capabilities)],
    ],
  },
  { id: 'procMount_restricted', replaces: 'procMount', versions: [[35, procMount]] },
  { id: 'restrictedVolumes', replaces: 'hostPathVolumes', versions: [[0, restrictedVolumes]] },
  {
    id: 'runAsNonRoot',
    versions: [
      [0, runAsNonRoot],
      [35, unlessOwnUsers(runAsNonRoot)],
    ],
  },
  {
    id: 'runAsUser',
    versions: [
      [23, runAsUser],
      [35, unlessOwnUsers(runAsUser)],
    ],
  },
  {
    id: 'seccompProfile_restricted',
    replaces: 'seccompProfile_baseline',
    versions: [
      [19, seccompRestricted],
      [25, unlessWindows(seccompRestricted)],
    ],
  },
]
