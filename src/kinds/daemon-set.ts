import type { DaemonSet } from './k8s/apps.ts'
import { ageColumn, column, labelsCell, nameColumn, workloadColumns } from './columns.ts'
import { defaultPodTemplate } from './defaults/pod-spec.ts'
import { defineKind, fillSpec } from './define-kind.ts'
import { selectorCell } from './label-selector.ts'
import { prepareStatus } from './prepare.ts'
import { daemonSets } from './refs.ts'
import { validateDaemonSet } from './validate/daemon-set.ts'
import { deepEqual } from './validate/equal.ts'
import { templateWarnings } from './warnings/pod-spec.ts'

export type { DaemonSet } from './k8s/apps.ts'

/** Counts the versions of the template: what older clients read instead of revisions. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const statusRules = prepareStatus<DaemonSet>({
  initial: () => ({
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  }),
})

const templateGeneration = ({ metadata }: DaemonSet): number =>
  Number(metadata.annotations?.[TEMPLATE_GENERATION] ?? 0)

/** A new one may bring its count along; after that it is the server's alone. */
function countTemplate(set: DaemonSet, old: DaemonSet | undefined): void {
  const changed = old !== undefined && !deepEqual(set.spec.template, old.spec.template)
  const count =
    old === undefined
      ? Math.max(1, templateGeneration(set))
      : templateGeneration(old) + (changed ? 1 : 0)
  set.metadata.annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(count) }
}

export const daemonSetKind = defineKind<DaemonSet>({
  ref: daemonSets,
  schema: 'io.k8s.api.apps.v1.DaemonSet',
  shortNames: ['ds'],
  categories: ['all'],
  subresources: ['status'],
  hasGeneration: true,
  defaults(set) {
    set.metadata.annotations = { [TEMPLATE_GENERATION]: '0', ...set.metadata.annotations }
    const spec = fillSpec(set)
    const strategy = (spec.updateStrategy ??= {})
    strategy.type ||= 'RollingUpdate'
    if (strategy.type === 'RollingUpdate') {
      const rolling = (strategy.rollingUpdate ??= {})
      rolling.maxUnavailable ??= 1
      rolling.maxSurge ??= 0
    }
    spec.revisionHistoryLimit ??= 10
    spec.template ??= {}
    defaultPodTemplate(spec.template)
  },
  warnings: (object, old) => templateWarnings(object, old, object.spec.template),
  validate: validateDaemonSet,
  prepare(set, old, subresource) {
    statusRules(set, old, subresource)
    countTemplate(set, old)
  },
  columns: [
    nameColumn,
    column(
      'Desired',
      'How many nodes should run a pod of it.',
      ({ status }) => status?.desiredNumberScheduled ?? 0,
      'integer',
    ),
    column(
      'Current',
      'How many of them run one.',
      ({ status }) => status?.currentNumberScheduled ?? 0,
      'integer',
    ),
    column(
      'Ready',
      'How many of them run a ready one.',
      ({ status }) => status?.numberReady ?? 0,
      'integer',
    ),
    column(
      'Up-to-date',
      'How many of them run one of the newest template.',
      ({ status }) => status?.updatedNumberScheduled ?? 0,
      'integer',
    ),
    column(
      'Available',
      'How many of them run one that has been ready for long enough.',
      ({ status }) => status?.numberAvailable ?? 0,
      'integer',
    ),
    column('Node Selector', 'Labels a node must have.', ({ spec }) =>
      labelsCell(spec.template.spec?.nodeSelector),
    ),
    ageColumn,
    ...workloadColumns<DaemonSet>(
      ({ spec }) => spec.template,
      ({ spec }) => selectorCell(spec.selector),
    ),
  ],
})
