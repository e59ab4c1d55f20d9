// Turns a pod's priority class into its priority.
import type { Pod } from '#kinds/k8s/core.ts'
import type { PriorityClass } from '#kinds/k8s/scheduling.ts'
import { forbidden } from '../api-errors.ts'
import type { AdmissionPlugin, ObjectReader } from './plugin.ts'

const GROUP = 'scheduling.k8s.io'

export function podPriority(reader: ObjectReader): AdmissionPlugin {
  const find = (name: string): PriorityClass | undefined =>
    name === ''
      ? (reader.list(GROUP, 'priorityclasses') as PriorityClass[]).find((one) => one.globalDefault)
      : (reader.get(GROUP, 'priorityclasses', undefined, name) as PriorityClass | undefined)
  return {
    name: 'Priority',
    admit({ operation, group, resource, subresource, object, name }) {
      if (operation !== 'CREATE' || group !== '' || resource !== 'pods') return
      if (subresource !== undefined || object === undefined) return
      const { spec } = object as Pod
      const asked = spec.priorityClassName ?? ''
      const found = find(asked)
      if (asked !== '' && found === undefined)
        throw forbidden({ group, resource }, name, `no PriorityClass with name ${asked} was found`)
      const value = found?.value ?? 0
      if (spec.priority !== undefined && spec.priority !== value)
        throw forbidden(
          { group, resource },
          name,
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        )
      spec.priority = value
      spec.preemptionPolicy ??= found?.preemptionPolicy ?? 'PreemptLowerPriority'
      if (found !== undefined) spec.priorityClassName = found.metadata.name
    },
  }
}
