// Requests and limits in the kernel's units.
import { milliOf, wholeOf } from '#kinds/quantity.ts'
import type { Container, Pod } from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'
import type { ContainerResources } from '../runtime/runtime.ts'

const kernel = {
  cpuPeriodUs: 100_000,
  /** The kernel takes no shorter quota. */
  cpuQuotaUsMin: 1_000,
  cpuSharesMin: 2,
  cpuSharesMax: 262_144,
  cpuSharesPerCore: 1_024,
  oomScoreAdjBestEffort: 1_000,
  oomScoreAdjGuaranteed: -997,
} as const

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

export const qosClassOf = (pod: Pod): QosClass => pod.status?.qosClass ?? derivedQosClass(pod)

/** For a pod whose status does not say: the API server sets the class when a pod is made. */
function derivedQosClass(pod: Pod): QosClass {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const resources = all.map(({ resources: r }) => r ?? {})
  const counts = ['cpu', 'memory'] as const
  if (resources.every(({ limits, requests }) => !counts.some((c) => limits?.[c] ?? requests?.[c])))
    return 'BestEffort'
  const equal = ({ limits, requests }: (typeof resources)[number]) =>
    counts.every((c) => limits?.[c] !== undefined && (requests?.[c] ?? limits[c]) === limits[c])
  return resources.every(equal) ? 'Guaranteed' : 'Burstable'
}

export function cpuSharesOf(milli: number): number {
  const shares = Math.floor((milli * kernel.cpuSharesPerCore) / 1000)
  return Math.min(kernel.cpuSharesMax, Math.max(kernel.cpuSharesMin, shares))
}

export interface MachineLimits {
  allocatable: Readonly<Record<string, Quantity>>
  capacity: Readonly<Record<string, Quantity>>
  /** Lowering a process's score below its parent's takes CAP_SYS_RESOURCE. */
  mayLowerOomScore: boolean
}

function oomScoreAdj(pod: Pod, container: Container, machine: MachineLimits): number {
  const qos = qosClassOf(pod)
  if (qos === 'Guaranteed') return machine.mayLowerOomScore ? kernel.oomScoreAdjGuaranteed : 0
  if (qos === 'BestEffort') return kernel.oomScoreAdjBestEffort
  const requested = wholeOf(container.resources?.requests?.['memory'] ?? 0)
  const capacity = wholeOf(machine.capacity['memory'] ?? 0)
  const share = capacity === 0 ? 0 : (1000 * requested) / capacity
  return Math.min(999, Math.max(3, Math.floor(1000 - share)))
}

export function containerResources(
  pod: Pod,
  container: Container,
  machine: MachineLimits,
): ContainerResources {
  const { limits = {}, requests = {} } = container.resources ?? {}
  const cpuLimit = limits['cpu']
  const cpuRequest = requests['cpu'] ?? cpuLimit
  return {
    cpuPeriod: kernel.cpuPeriodUs,
    cpuQuota: cpuLimit === undefined ? 0 : cpuQuota(milliOf(cpuLimit), machine),
    cpuShares: cpuSharesOf(cpuRequest === undefined ? 0 : milliOf(cpuRequest)),
    memoryLimitInBytes: wholeOf(limits['memory'] ?? 0),
    oomScoreAdj: oomScoreAdj(pod, container, machine),
  }
}

function cpuQuota(limitMilli: number, machine: MachineLimits): number {
  // cgroup v1 refuses a quota above that of a parent, and the machine has one.
  const machineMilli = milliOf(machine.allocatable['cpu'] ?? limitMilli / 1000)
  const milli = Math.min(limitMilli, machineMilli)
  return Math.max(kernel.cpuQuotaUsMin, Math.floor((milli * kernel.cpuPeriodUs) / 1000))
}

/** What all containers of a pod ask for together, in thousandths of a core. */
export function podCpuRequestMilli(pod: Pod): number {
  const own = pod.spec.containers.map(requestMilli)
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')
  return [...own, ...sidecars.map(requestMilli)].reduce((sum, milli) => sum + milli, 0)
}

function requestMilli({ resources }: Container): number {
  return milliOf(resources?.requests?.['cpu'] ?? resources?.limits?.['cpu'] ?? 0)
}
