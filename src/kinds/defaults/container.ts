import type { Container, EphemeralContainer, EnvVarSource } from '../k8s/core.ts'
import { canonicalizeQuantities, canonicalQuantity } from '../quantity.ts'
import { defaultLifecycleHandler, defaultProbe } from './probe.ts'

/** A moving tag is pulled each time: "latest", or none at all. */
export function defaultPullPolicy(image: string | undefined): 'Always' | 'IfNotPresent' {
  if (!image) return 'IfNotPresent'
  const [name = '', digest] = image.split('@')
  const tag = /:([^:/]+)$/.exec(name)?.[1]
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent'
}

function defaultEnvSource(source: EnvVarSource): void {
  if (source.fieldRef !== undefined) source.fieldRef.apiVersion ||= 'v1'
  if (source.resourceFieldRef !== undefined)
    source.resourceFieldRef.divisor = canonicalQuantity(source.resourceFieldRef.divisor ?? '0')
}

export function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image)
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.resources ??= {}
  canonicalizeQuantities(container.resources.limits)
  canonicalizeQuantities(container.resources.requests)
  for (const port of container.ports ?? []) port.protocol ||= 'TCP'
  for (const { valueFrom } of container.env ?? [])
    if (valueFrom !== undefined) defaultEnvSource(valueFrom)
  defaultProbe(container.livenessProbe)
  defaultProbe(container.readinessProbe)
  defaultProbe(container.startupProbe)
  defaultLifecycleHandler(container.lifecycle?.postStart)
  defaultLifecycleHandler(container.lifecycle?.preStop)
}
