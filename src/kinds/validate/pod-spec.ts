// The spec of a pod or pod template, after defaulting.
import type { FieldError } from '../definition.ts'
import type { PodSpec } from '../k8s/core.ts'
import { checkDnsLabel, checkDnsSubdomain } from '../names.ts'
import { validateAffinity, validateSpreadConstraints } from './affinity.ts'
import { validateContainers } from './container.ts'
import { forbidden, invalid, invalidEach, oneOf, required } from './field-error.ts'
import { validateEphemeralContainers } from './ephemeral-containers.ts'
import { validateLabels } from './object-meta.ts'
import { validateDnsConfig, validateGateNames, validateHostAliases } from './pod-names.ts'
import { validateOperatingSystem } from './pod-os.ts'
import { validatePodSecurityContext } from './security-context.ts'
import { validateHostUsers, validateSysctls } from './security-profile.ts'
import { validateTolerations } from './tolerations.ts'
import { validateVolumes } from './volume.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never']
const DEADLINE_SECONDS_MAX = 2 ** 31 - 1

/** Fields that hold the name of another object or host. */
const NAME_FIELDS = {
  serviceAccountName: checkDnsSubdomain,
  nodeName: checkDnsSubdomain,
  priorityClassName: checkDnsSubdomain,
  runtimeClassName: checkDnsSubdomain,
  hostname: checkDnsLabel,
  subdomain: checkDnsLabel,
} as const satisfies Partial<Record<keyof PodSpec, (value: string) => string[]>>

export function validatePodSpec(spec: PodSpec, field: string): FieldError[] {
  const volumes = spec.volumes ?? []
  return [
    ...validateVolumes(volumes, `${field}.volumes`),
    ...validateContainers({ init: spec.initContainers ?? [], main: spec.containers ?? [] }, field, {
      volumeNames: new Set(volumes.map(({ name }) => name)),
      hostNetwork: spec.hostNetwork ?? false,
      graceSeconds: spec.terminationGracePeriodSeconds,
      osName: spec.os?.name,
    }),
    ...validateEphemeralContainers(spec, `${field}.ephemeralContainers`),
    ...oneOf(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...validateDns(spec, field),
    ...validateDeadline(spec.activeDeadlineSeconds, `${field}.activeDeadlineSeconds`),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validateNames(spec, field),
    ...validatePodSecurityContext(spec.securityContext, `${field}.securityContext`),
    ...validateNamespaces(spec, field),
    ...validateSysctls(spec, `${field}.securityContext.sysctls`),
    ...validateHostUsers(spec, field),
    ...validateHostAliases(spec.hostAliases ?? [], `${field}.hostAliases`),
    ...validateGateNames(spec, field),
    ...oneOf(`${field}.preemptionPolicy`, spec.preemptionPolicy, PREEMPTION_POLICIES),
    ...validateOperatingSystem(spec, field),
    ...(spec.affinity === undefined ? [] : validateAffinity(spec.affinity, `${field}.affinity`)),
    ...validateTolerations(spec.tolerations ?? [], `${field}.tolerations`),
    ...validateSpreadConstraints(
      spec.topologySpreadConstraints ?? [],
      `${field}.topologySpreadConstraints`,
    ),
  ]
}

/** Of a pod that is not there yet. */
export function validateNewPod(spec: PodSpec): FieldError[] {
  const errors = validatePodSpec(spec, 'spec')
  if (spec.ephemeralContainers?.length)
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  if (spec.nodeName && spec.schedulingGates?.length)
    errors.push(
      forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'),
    )
  return errors
}

function validateDns({ dnsPolicy, dnsConfig }: PodSpec, field: string): FieldError[] {
  const errors = oneOf(`${field}.dnsPolicy`, dnsPolicy, DNS_POLICIES)
  if (dnsConfig !== undefined && (dnsPolicy !== 'None' || dnsConfig.nameservers?.length))
    errors.push(...validateDnsConfig(dnsConfig, `${field}.dnsConfig`))
  if (dnsPolicy !== 'None') return errors
  if (dnsConfig === undefined)
    errors.push(required(`${field}.dnsConfig`, 'must provide `dnsConfig` when `dnsPolicy` is None'))
  else if (!dnsConfig.nameservers?.length)
    errors.push(
      required(
        `${field}.dnsConfig.nameservers`,
        'must provide at least one DNS nameserver when `dnsPolicy` is None',
      ),
    )
  return errors
}

function validateDeadline(seconds: number | undefined, field: string): FieldError[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= DEADLINE_SECONDS_MAX)) return []
  return [invalid(field, seconds, `must be between 1 and ${DEADLINE_SECONDS_MAX}, inclusive`)]
}

function validateNames(spec: PodSpec, field: string): FieldError[] {
  return Object.entries(NAME_FIELDS).flatMap(([key, check]) => {
    const value = spec[key as keyof typeof NAME_FIELDS]
    return value ? invalidEach(`${field}.${key}`, value, check(value)) : []
  })
}

function validateNamespaces(
  { shareProcessNamespace, hostPID }: PodSpec,
  field: string,
): FieldError[] {
  if (!shareProcessNamespace || !hostPID) return []
  return [
    invalid(
      `${field}.shareProcessNamespace`,
      true,
      'ShareProcessNamespace and HostPID cannot both be enabled',
    ),
  ]
}
