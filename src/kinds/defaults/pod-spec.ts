import type { Container, Pod, PodSpec, PodTemplateSpec } from '../k8s/core.ts'
import { canonicalizeQuantities } from '../quantity.ts'
import { defaultContainer } from './container.ts'
import { defaultVolume } from './volume.ts'

const TERMINATION_GRACE_PERIOD_S = 30

/** What a pod and a pod template share. */
function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ||= 'Always'
  spec.terminationGracePeriodSeconds ??= TERMINATION_GRACE_PERIOD_S
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.securityContext ??= {}
  spec.schedulerName ||= 'default-scheduler'
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  for (const container of containersOf(spec)) defaultContainer(container)
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container)
  canonicalizeQuantities(spec.overhead)
  canonicalizeQuantities(spec.resources?.limits)
  canonicalizeQuantities(spec.resources?.requests)
  mirrorServiceAccount(spec)
}

const containersOf = (spec: PodSpec): Container[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
]

/** `serviceAccount` is the old name of `serviceAccountName`: both are served. */
function mirrorServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount
  if (!name) return
  spec.serviceAccountName = name
  spec.serviceAccount = name
}

export function defaultPodTemplate(template: PodTemplateSpec): void {
  template.metadata ??= {}
  if (template.spec !== undefined) defaultPodSpec(template.spec)
}

/** Requests and host ports are filled in pods only, so that templates stay as they were written. */
export function defaultPod(pod: Pod): void {
  pod.spec ??= { containers: [] }
  defaultPodSpec(pod.spec)
  pod.spec.enableServiceLinks ??= true
  for (const container of containersOf(pod.spec)) {
    defaultRequests(container)
    if (pod.spec.hostNetwork)
      for (const port of container.ports ?? []) port.hostPort ||= port.containerPort
  }
}

function defaultRequests({ resources }: Container): void {
  for (const [name, limit] of Object.entries(resources?.limits ?? {}))
    (resources!.requests ??= {})[name] ??= limit
}
