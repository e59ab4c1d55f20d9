import type {
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from './k8s/flowcontrol.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { priorityLevelConfigurations } from './refs.ts'
import { validatePriorityLevel } from './validate/flow-control.ts'

export type { PriorityLevelConfiguration } from './k8s/flowcontrol.ts'

const SHARES = 30
const QUEUING = { queues: 64, handSize: 8, queueLengthLimit: 50 }

function defaultLevel(spec: PriorityLevelConfigurationSpec): void {
  if (spec.type === 'Exempt') {
    spec.exempt ??= {}
    spec.exempt.nominalConcurrencyShares ??= 0
    spec.exempt.lendablePercent ??= 0
  }
  if (spec.limited === undefined) return
  spec.limited.nominalConcurrencyShares ??= SHARES
  spec.limited.lendablePercent ??= 0
  const queuing = spec.limited.limitResponse?.queuing
  if (queuing === undefined) return
  queuing.queues ||= QUEUING.queues
  queuing.handSize ||= QUEUING.handSize
  queuing.queueLengthLimit ||= QUEUING.queueLengthLimit
}

const queuingOf = ({ spec }: PriorityLevelConfiguration) => spec.limited?.limitResponse?.queuing

export const priorityLevelConfigurationKind = defineKind<PriorityLevelConfiguration>({
  ref: priorityLevelConfigurations,
  schema: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration',
  subresources: ['status'],
  nameRule: 'path-segment',
  hasGeneration: true,
  defaults(level) {
    level.spec ??= { type: '' }
    defaultLevel(level.spec)
  },
  validate: validatePriorityLevel,
  prepare: prepareStatus({ initial: () => ({}) }),
  columns: [
    nameColumn,
    column('Type', 'Whether it is limited.', ({ spec }) => spec.type),
    column(
      'NominalConcurrencyShares',
      'Its part of what is answered at once.',
      ({ spec }) => (spec.limited ?? spec.exempt)?.nominalConcurrencyShares ?? '<none>',
    ),
    column('Queues', 'How many queues it has.', (level) => queuingOf(level)?.queues ?? '<none>'),
    column(
      'HandSize',
      'Of how many queues a flow takes the shortest.',
      (level) => queuingOf(level)?.handSize ?? '<none>',
    ),
    column(
      'QueueLengthLimit',
      'How many may wait in one queue.',
      (level) => queuingOf(level)?.queueLengthLimit ?? '<none>',
    ),
    ageColumn,
  ],
})
