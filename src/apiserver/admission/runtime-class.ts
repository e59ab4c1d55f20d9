// What a pod's runtime class costs and where it runs is written into the pod.
import type { Pod, Toleration } from '#kinds/k8s/core.ts'
import type { RuntimeClass } from '#kinds/k8s/node.ts'
import { equalAmounts } from '#kinds/quota/amounts.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { forbidden } from '../api-errors.ts'
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './plugin.ts'

const isNewPod = ({ operation, group, resource, subresource, object }: AdmissionRequest): boolean =>
  operation === 'CREATE' &&
  group === '' &&
  resource === 'pods' &&
  subresource === undefined &&
  object !== undefined

const refusal = ({ name }: AdmissionRequest, why: string) =>
  forbidden({ group: '', resource: 'pods' }, name, why)

export function runtimeClassAdmission(reader: ObjectReader): AdmissionPlugin {
  const classOf = (request: AdmissionRequest): RuntimeClass | undefined => {
    const { runtimeClassName } = (request.object as Pod).spec
    if (!runtimeClassName) return undefined
    const found = reader.get('node.k8s.io', 'runtimeclasses', undefined, runtimeClassName)
    if (found === undefined)
      throw refusal(request, `pod rejected: RuntimeClass "${runtimeClassName}" not found`)
    return found as RuntimeClass
  }
  return {
    name: 'RuntimeClass',
    admit(request) {
      if (!isNewPod(request)) return
      const runtimeClass = classOf(request)
      if (runtimeClass === undefined) return
      setOverhead(request, runtimeClass)
      setScheduling(request, runtimeClass)
    },
    validate(request) {
      if (!isNewPod(request)) return
      const { overhead } = (request.object as Pod).spec
      if (overhead !== undefined && classOf(request)?.overhead === undefined)
        throw refusal(
          request,
          'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
        )
    },
  }
}

function setOverhead(request: AdmissionRequest, { overhead }: RuntimeClass): void {
  if (overhead === undefined) return
  const { spec } = request.object as Pod
  const fixed = overhead.podFixed ?? {}
  if (spec.overhead !== undefined && !equalAmounts(spec.overhead, fixed))
    throw refusal(
      request,
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    )
  spec.overhead = { ...fixed }
}

function setScheduling(request: AdmissionRequest, { scheduling }: RuntimeClass): void {
  if (scheduling === undefined) return
  const { spec } = request.object as Pod
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key]
    if (own !== undefined && own !== value)
      throw refusal(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      )
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
  }
  const tolerations = spec.tolerations ?? []
  const missing = (scheduling.tolerations ?? []).filter(
    (wanted: Toleration) => !tolerations.some((one) => deepEqual(one, wanted)),
  )
  if (missing.length > 0) spec.tolerations = [...tolerations, ...structuredClone(missing)]
}
