import type { Pod } from '#kinds/k8s/core.ts'
import type { SandboxConfig } from '../runtime/runtime.ts'
import { type ClusterDns, dnsConfigOf } from './dns-config.ts'
import { kernelHostname } from './hosts-file.ts'
import { podAnnotations, podLabels } from './labels.ts'
import { podCgroup } from './pod-cgroup.ts'
import { type MachineDirectories, podPlaces } from './pod-places.ts'
import { sandboxSecurity } from './security-context.ts'
import { dotted } from './sysctls.ts'

export interface SandboxOptions {
  pod: Pod
  attempt: number
  machine: MachineDirectories & { podsCgroup: string }
  clusterDns: ClusterDns
}

export function sandboxConfig(options: SandboxOptions): SandboxConfig {
  const { pod, attempt, machine } = options
  const { name, namespace = '', uid = '', annotations = {} } = pod.metadata
  const sysctls = (pod.spec.securityContext?.sysctls ?? []).map(
    ({ name: sysctl, value }) => [dotted(sysctl), value] as const,
  )
  return {
    metadata: { name, uid, namespace, attempt },
    // A pod in the machine's network has the machine's name.
    hostname: pod.spec.hostNetwork === true ? '' : kernelHostname(pod, options.clusterDns.domain),
    logDirectory: podPlaces(machine, pod).logs,
    dnsConfig: dnsConfigOf(pod, options.clusterDns),
    labels: { ...pod.metadata.labels, ...podLabels(pod) },
    annotations: { ...annotations, ...podAnnotations(pod) },
    linux: {
      cgroupParent: podCgroup(machine.podsCgroup, pod),
      sysctls: Object.fromEntries(sysctls),
      securityContext: sandboxSecurity(pod),
    },
  }
}
