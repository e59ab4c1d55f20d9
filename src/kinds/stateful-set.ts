import type { StatefulSet, StatefulSetSpec } from './k8s/apps.ts'
import { ageColumn, column, nameColumn, templateColumns } from './columns.ts'
import { defaultClaim } from './defaults/claim.ts'
import { defaultPodTemplate } from './defaults/pod-spec.ts'
import { defineKind, fillSpec } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { statefulSets } from './refs.ts'
import { validateStatefulSet } from './validate/stateful-set.ts'
import { templateWarnings } from './warnings/pod-spec.ts'
import { claimSpecWarnings } from './warnings/storage.ts'

export type { StatefulSet } from './k8s/apps.ts'

function defaultSpec(spec: StatefulSetSpec): void {
  spec.replicas ??= 1
  spec.podManagementPolicy ||= 'OrderedReady'
  const strategy = (spec.updateStrategy ??= {})
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') (strategy.rollingUpdate ??= {}).partition ??= 0
  spec.revisionHistoryLimit ??= 10
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {})
  retention.whenDeleted ||= 'Retain'
  retention.whenScaled ||= 'Retain'
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion = 'v1'
    claim.kind = 'PersistentVolumeClaim'
    claim.metadata ??= { name: '' }
    defaultClaim(claim)
  }
  spec.template ??= {}
  defaultPodTemplate(spec.template)
}

const claimTemplateWarnings = ({ spec }: StatefulSet): string[] =>
  (spec.volumeClaimTemplates ?? []).flatMap((claim, index) =>
    claimSpecWarnings(claim.spec, `spec.volumeClaimTemplates[${index}]`),
  )

export const statefulSetKind = defineKind<StatefulSet>({
  ref: statefulSets,
  schema: 'io.k8s.api.apps.v1.StatefulSet',
  shortNames: ['sts'],
  categories: ['all'],
  subresources: ['status', 'scale'],
  hasGeneration: true,
  defaults(set) {
    defaultSpec(fillSpec(set))
    if (set.status === undefined) return
    set.status.replicas ??= 0
    set.status.availableReplicas ??= 0
  },
  warnings: (set, old) => [
    ...templateWarnings(set, old, set.spec.template),
    ...(old === undefined ? claimTemplateWarnings(set) : []),
    ...((set.spec.revisionHistoryLimit ?? 0) < 0
      ? [
          'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
        ]
      : []),
  ],
  validate: validateStatefulSet,
  prepare: prepareStatus({ initial: () => ({ replicas: 0, availableReplicas: 0 }) }),
  columns: [
    nameColumn,
    column(
      'Ready',
      'Ready pods of those wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ),
    ageColumn,
    ...templateColumns<StatefulSet>(({ spec }) => spec.template, 1),
  ],
})
