// Turns a pod's priority class into its priority, and keeps the default class the only one.
import type { Pod } from '#kinds/k8s/core.ts'
import type { PriorityClass } from '#kinds/k8s/scheduling.ts'
import { forbidden } from '../api-errors.ts'
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './plugin.ts'

const GROUP = 'scheduling.k8s.io'
const RESOURCE = 'priorityclasses'

export function podPriority(reader: ObjectReader): AdmissionPlugin {
  const defaults = () =>
    (reader.list(GROUP, RESOURCE) as PriorityClass[]).filter((one) => one.globalDefault)
  return {
    name: 'Priority',
    admit(request) {
      const { operation, group, resource, subresource, object } = request
      if (subresource !== undefined || object === undefined) return
      if (group !== '' || resource !== 'pods') return
      const pod = object as Pod
      if (operation === 'CREATE')
        admitPod(
          request,
          pod,
          classOf(pod, () => leastOf(defaults()), reader),
        )
      else keepPriority(pod, request.old as Pod | undefined)
    },
    validate({ group, resource, object, operation, name }) {
      if (group !== GROUP || resource !== RESOURCE || operation === 'DELETE') return
      if (!(object as PriorityClass).globalDefault) return
      const other = defaults().find(({ metadata }) => metadata.name !== name)
      if (other === undefined) return
      const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`
      throw forbidden({ group, resource }, name, why)
    },
  }
}

/** Should there be several defaults, the one of least value is meant. */
const leastOf = (classes: readonly PriorityClass[]): PriorityClass | undefined =>
  classes.toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))[0]

function classOf(
  { spec }: Pod,
  standard: () => PriorityClass | undefined,
  reader: ObjectReader,
): PriorityClass | undefined {
  if (!spec.priorityClassName) return standard()
  return reader.get(GROUP, RESOURCE, undefined, spec.priorityClassName) as PriorityClass | undefined
}

function admitPod(
  { group, resource, name }: AdmissionRequest,
  { spec }: Pod,
  found: PriorityClass | undefined,
): void {
  const refuse = (why: string) => forbidden({ group, resource }, name, why)
  const computed = 'priority admission controller computed'
  if (spec.priorityClassName && found === undefined)
    throw refuse(`no PriorityClass with name ${spec.priorityClassName} was found`)
  const value = found?.value ?? 0
  const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority'
  if (spec.priority !== undefined && spec.priority !== value)
    throw refuse(
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; ${computed} ${value} from the given PriorityClass name`,
    )
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
    throw refuse(
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ${computed} ${policy} from the given PriorityClass name`,
    )
  spec.priority = value
  spec.preemptionPolicy = policy
  if (found !== undefined) spec.priorityClassName = found.metadata.name
}

/** A client that leaves them out, as in the manifest it once made the pod from, changes nothing. */
function keepPriority({ spec }: Pod, old: Pod | undefined): void {
  if (spec.priority === undefined && old?.spec.priority !== undefined)
    spec.priority = old.spec.priority
  if (spec.preemptionPolicy === undefined && old?.spec.preemptionPolicy !== undefined)
    spec.preemptionPolicy = old.spec.preemptionPolicy
}
