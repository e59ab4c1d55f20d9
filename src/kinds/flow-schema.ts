import type { FlowSchema } from './k8s/flowcontrol.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { flowSchemas } from './refs.ts'
import { validateFlowSchema } from './validate/flow-control.ts'

export type { FlowSchema } from './k8s/flowcontrol.ts'

const PRECEDENCE = 1_000

export const flowSchemaKind = defineKind<FlowSchema>({
  ref: flowSchemas,
  schema: 'io.k8s.api.flowcontrol.v1.FlowSchema',
  subresources: ['status'],
  nameRule: 'path-segment',
  hasGeneration: true,
  defaults(schema) {
    schema.spec ??= { priorityLevelConfiguration: { name: '' } }
    if (!schema.spec.matchingPrecedence) schema.spec.matchingPrecedence = PRECEDENCE
  },
  validate: validateFlowSchema,
  prepare: prepareStatus({ initial: () => ({}) }),
  columns: [
    nameColumn,
    column(
      'PriorityLevel',
      'The level its requests are of.',
      ({ spec }) => spec.priorityLevelConfiguration.name,
    ),
    column(
      'MatchingPrecedence',
      'Lower ones are asked first.',
      ({ spec }) => spec.matchingPrecedence,
      'integer',
    ),
    column(
      'DistinguisherMethod',
      'What tells its flows apart.',
      ({ spec }) => spec.distinguisherMethod?.type ?? '<none>',
    ),
    ageColumn,
    column(
      'MissingPL',
      'Whether the level is missing.',
      ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    ),
  ],
})
