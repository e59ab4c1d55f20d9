// More or less for the containers of a running pod: ValidatePodResize of k8s.io/kubernetes pkg/apis/core/validation.
import type { FieldError } from '../definition.ts'
import type { Container, Pod, PodSpec, ResourceRequirements } from '../k8s/core.ts'
import type { Quantity } from '../object.ts'
import { isSidecar, qosClassOf } from '../pod-resources.ts'
import { deepEqual } from './equal.ts'
import { isMirror } from './ephemeral-update.ts'
import { forbidden, invalid } from './field-error.ts'
import { goDiff } from './go-diff.ts'
import { validatePodSpec } from './pod-spec.ts'

const RESIZABLE = new Set(['cpu', 'memory'])
const QOS_MUST_STAY = 'Pod QOS Class may not change as a result of resizing'

export function validateResize(pod: Pod, old: Pod): FieldError[] {
  if (isMirror(old)) return [forbidden('', 'static pods cannot be resized')]
  if (old.spec.os?.name === 'windows') return [forbidden('', 'windows pods cannot be resized')]
  const errors = validatePodSpec(pod.spec, 'spec')
  const qosClass = old.status?.qosClass ?? qosClassOf(old)
  if (qosClass !== qosClassOf(pod)) errors.push(invalid('spec', qosClass, QOS_MUST_STAY))
  for (const list of ['containers', 'initContainers'] as const)
    for (const [index, container] of (pod.spec[list] ?? []).entries()) {
      const before = old.spec[list]?.[index]
      if (before === undefined) continue
      const at = `spec.${list}[${index}].resources`
      errors.push(...validateRemoval(container.resources, before.resources, at))
    }
  errors.push(...validateRemoval(pod.spec.resources, old.spec.resources, 'spec.resources'))
  const rest = withoutResizable(pod.spec, old.spec)
  if (!deepEqual(rest, old.spec))
    errors.push(
      forbidden('spec', `only cpu and memory resources are mutable\n${goDiff(old.spec, rest)}`),
    )
  // Kubernetes looks at this first; who sends nonsense is better told of that.
  if (errors.length === 0 && !canBeResized(old))
    errors.push(forbidden('', 'Pod running on node without support for resize'))
  return errors
}

/** A node that can resize says what each running container has. */
function canBeResized({ status }: Pod): boolean {
  const running = (status?.containerStatuses ?? []).filter(({ state }) => state?.running)
  return running.length === 0 || running.some(({ resources }) => resources !== undefined)
}

function validateRemoval(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
  field: string,
): FieldError[] {
  return (['requests', 'limits'] as const).flatMap((kind) => {
    const names = Object.keys(old?.[kind] ?? {})
    return names.every((name) => resources?.[kind]?.[name] !== undefined)
      ? []
      : [forbidden(`${field}.${kind}`, `resource ${kind} cannot be removed`)]
  })
}

type Amounts = Record<string, Quantity>

/** The amounts of `next` with what may be resized as it was in `old`. */
function amountsWithout(next: Amounts | undefined, old: Amounts | undefined): Amounts | undefined {
  const entries = [
    ...Object.entries(next ?? {}).filter(([name]) => !RESIZABLE.has(name)),
    ...Object.entries(old ?? {}).filter(([name]) => RESIZABLE.has(name)),
  ]
  return entries.length === 0 && old === undefined ? undefined : Object.fromEntries(entries)
}

function resourcesWithout(
  next: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
): ResourceRequirements | undefined {
  if (next === undefined && old === undefined) return undefined
  const requests = amountsWithout(next?.requests, old?.requests)
  const limits = amountsWithout(next?.limits, old?.limits)
  return {
    ...next,
    ...(requests === undefined ? { requests: undefined } : { requests }),
    ...(limits === undefined ? { limits: undefined } : { limits }),
  }
}

/** Only what still runs can be given more: init containers are done, but for sidecars. */
function containersWithout(
  next: Container[] | undefined,
  old: Container[] | undefined,
  mayResize: (container: Container) => boolean,
): Container[] | undefined {
  return next?.map((container, index) => {
    if (!mayResize(container)) return container
    const resources = resourcesWithout(container.resources, old?.[index]?.resources)
    return { ...container, resources }
  })
}

function withoutResizable(spec: PodSpec, old: PodSpec): PodSpec {
  return {
    ...spec,
    containers: containersWithout(spec.containers, old.containers, () => true) ?? [],
    initContainers: containersWithout(spec.initContainers, old.initContainers, isSidecar),
    resources: resourcesWithout(spec.resources, old.resources),
  }
}
