import type { RuntimeClass } from './k8s/node.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { checkDnsLabel } from './names.ts'
import { canonicalizeQuantities } from './quantity.ts'
import { runtimeClasses } from './refs.ts'
import { IMMUTABLE, invalid, invalidEach } from './validate/field-error.ts'
import { validateResources } from './validate/resources.ts'
import { validateRuntimeScheduling } from './validate/runtime-scheduling.ts'
import { labelWarnings } from './warnings/node-labels.ts'

export type { RuntimeClass } from './k8s/node.ts'

export const runtimeClassKind = defineKind<RuntimeClass>({
  ref: runtimeClasses,
  schema: 'io.k8s.api.node.v1.RuntimeClass',
  defaults(runtimeClass) {
    runtimeClass.handler ??= ''
    canonicalizeQuantities(runtimeClass.overhead?.podFixed)
  },
  warnings: ({ scheduling }) =>
    labelWarnings(scheduling?.nodeSelector, () => 'scheduling.nodeSelector'),
  validate: (runtimeClass, old) => [
    ...validateRuntimeClass(runtimeClass),
    ...(old === undefined || runtimeClass.handler === old.handler
      ? []
      : [invalid('handler', runtimeClass.handler, IMMUTABLE)]),
  ],
  columns: [
    nameColumn,
    column('Handler', 'Configuration of the container runtime.', ({ handler }) => handler),
    ageColumn,
  ],
})

function validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  return [
    ...invalidEach('handler', handler, checkDnsLabel(handler)),
    ...(overhead === undefined
      ? []
      : validateResources({ limits: overhead.podFixed ?? {} }, 'overhead.podFixed')),
    ...(scheduling === undefined ? [] : validateRuntimeScheduling(scheduling, 'scheduling')),
  ]
}
