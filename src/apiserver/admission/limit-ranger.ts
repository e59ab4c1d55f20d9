// LimitRanges: what containers leave out is filled in, what is out of bounds is refused.
import type { Container, LimitRange, PersistentVolumeClaim, Pod } from '#kinds/k8s/core.ts'
import { podAmounts } from '#kinds/quota/pod-amounts.ts'
import { forbidden } from '../api-errors.ts'
import { limitProblems } from './limit-checks.ts'
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './plugin.ts'

const ANNOTATION = 'kubernetes.io/limit-ranger'

export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  const rangesFor = ({ namespace }: AdmissionRequest) =>
    reader.list('', 'limitranges', namespace) as LimitRange[]
  return {
    name: 'LimitRanger',
    admit(request) {
      if (!isPod(request)) return
      const pod = request.object as Pod
      const filled = rangesFor(request).flatMap((range) => fillIn(pod, range))
      if (filled.length === 0) return
      const text = `LimitRanger plugin set: ${filled.join('; ')}`
      pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: text }
    },
    validate(request) {
      const check = isPod(request) ? podProblems : isClaim(request) ? claimProblems : undefined
      if (check === undefined) return
      for (const range of rangesFor(request)) {
        const problems = [...new Set(check(request.object as Pod & PersistentVolumeClaim, range))]
        if (problems.length === 0) continue
        const why = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`
        throw forbidden({ group: '', resource: request.resource }, request.name, why)
      }
    },
  }
}

/** The resources of a pod that runs are not changed, but by the resize of it. */
function isPod({ group, resource, operation, subresource, object }: AdmissionRequest): boolean {
  if (group !== '' || resource !== 'pods' || object === undefined) return false
  if (operation === 'CREATE') return subresource === undefined
  return subresource === 'resize' && object.metadata.deletionTimestamp === undefined
}

const isClaim = ({ group, resource, subresource, object }: AdmissionRequest): boolean =>
  group === '' &&
  resource === 'persistentvolumeclaims' &&
  subresource === undefined &&
  object !== undefined &&
  object.metadata.deletionTimestamp === undefined

/** What was filled in, as the annotation tells it. */
function fillIn({ spec }: Pod, range: LimitRange): string[] {
  return range.spec.limits
    .filter(({ type }) => type === 'Container')
    .flatMap((item) => [
      ...spec.containers.flatMap((one) => fillContainer(one, item, 'container')),
      ...(spec.initContainers ?? []).flatMap((one) => fillContainer(one, item, 'init container')),
    ])
}

function fillContainer(
  container: Container,
  defaults: LimitRange['spec']['limits'][number],
  called: string,
): string[] {
  const fill = (kind: 'requests' | 'limits') => {
    const wanted = (kind === 'limits' ? defaults.default : defaults.defaultRequest) ?? {}
    const missing = Object.keys(wanted).filter(
      (name) => container.resources?.[kind]?.[name] === undefined,
    )
    if (missing.length === 0) return []
    const resources = (container.resources ??= {})
    const amounts = { ...resources[kind] }
    for (const name of missing.toSorted()) amounts[name] = wanted[name]!
    resources[kind] = amounts
    const one = kind === 'limits' ? 'limit' : 'request'
    return [`${missing.toSorted().join(', ')} ${one} for ${called} ${container.name}`]
  }
  return [...fill('requests'), ...fill('limits')]
}

function podProblems({ spec }: Pod, range: LimitRange): string[] {
  return range.spec.limits.flatMap((item) => {
    if (item.type === 'Pod')
      return limitProblems(item, {
        requests: podAmounts(spec, 'requests'),
        limits: podAmounts(spec, 'limits'),
      })
    if (item.type !== 'Container') return []
    return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
      limitProblems(item, {
        requests: resources?.requests ?? {},
        limits: resources?.limits ?? {},
      }),
    )
  })
}

function claimProblems({ spec }: PersistentVolumeClaim, range: LimitRange): string[] {
  return range.spec.limits
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) =>
      limitProblems(item, { requests: spec.resources?.requests ?? {}, limits: {} }),
    )
}
