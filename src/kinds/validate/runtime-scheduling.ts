// Where pods of a RuntimeClass may run.
import type { FieldError } from '../definition.ts'
import type { Toleration } from '../k8s/core.ts'
import type { Scheduling } from '../k8s/node.ts'
import { deepEqual } from './equal.ts'
import { duplicate } from './field-error.ts'
import { validateLabels } from './object-meta.ts'
import { validateTolerations } from './tolerations.ts'

export function validateRuntimeScheduling(
  { nodeSelector, tolerations = [] }: Scheduling,
  field: string,
): FieldError[] {
  const at = `${field}.tolerations`
  return [
    ...validateLabels(nodeSelector, `${field}.nodeSelector`),
    ...validateTolerations(tolerations, at),
    ...tolerations.flatMap((toleration, index) =>
      isRepeated(toleration, tolerations.slice(0, index))
        ? [duplicate(`${at}[${index}]`, toleration)]
        : [],
    ),
  ]
}

const isRepeated = (toleration: Toleration, earlier: readonly Toleration[]): boolean =>
  earlier.some((other) => deepEqual(other, toleration))
