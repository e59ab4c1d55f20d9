import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daemonSetKind } from './daemon-set.ts'
import type { StatefulSetStatus } from './k8s/apps.ts'
import { completed, refusalsOf, updateRefusals } from './refusals.ts'
import { statefulSetKind } from './stateful-set.ts'

const labels = { app: 'x' }
const sent = (spec: object = {}) => ({
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x:1' }] } },
    ...spec,
  },
})

test('a stateful set has one of the policies there are', () => {
  assert.deepEqual(
    refusalsOf(
      statefulSetKind,
      sent({
        podManagementPolicy: 'Any',
        updateStrategy: { type: 'Now' },
        persistentVolumeClaimRetentionPolicy: { whenScaled: 'Keep' },
        ordinals: { start: -1 },
      }),
    ),
    [
      `spec.podManagementPolicy: Invalid value: "Any": must be 'OrderedReady' or 'Parallel'`,
      `spec.updateStrategy: Invalid value: {"type":"Now"}: must be 'RollingUpdate' or 'OnDelete'`,
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete"',
      'spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
    ],
  )
  const rollingUpdate = { partition: -1, maxUnavailable: '0%' }
  assert.deepEqual(
    refusalsOf(statefulSetKind, sent({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } })),
    [
      'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0',
    ],
  )
})

test('a stateful set selects its own pods, and has a name that can be theirs', () => {
  assert.deepEqual(refusalsOf(statefulSetKind, { spec: {} }), ['spec.selector: Required value'])
  assert.deepEqual(refusalsOf(statefulSetKind, sent({ selector: { matchLabels: { b: 'c' } } })), [
    'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
  ])
  const metadata = { name: 'a.b', namespace: 'n' }
  const [error] = refusalsOf(statefulSetKind, { metadata, ...sent() })
  assert.match(error ?? '', /^metadata\.name: Invalid value: "a\.b": a lowercase RFC 1123 label/)
})

test('most of a stateful set stays as it is', () => {
  const change = (more: object) =>
    updateRefusals(statefulSetKind, sent(), ({ spec }) => Object.assign(spec, more))
  const rollingUpdate = { partition: 1 }
  assert.deepEqual(
    change({
      replicas: 3,
      minReadySeconds: 1,
      ordinals: { start: 1 },
      revisionHistoryLimit: 1,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate },
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
    }),
    [],
  )
  for (const more of [{ serviceName: 'other' }, { podManagementPolicy: 'Parallel' }])
    assert.deepEqual(change(more), [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ])
})

test('the status of a stateful set counts parts of the whole', () => {
  const written = (status: StatefulSetStatus) =>
    updateRefusals(statefulSetKind, sent(), (draft) => (draft.status = status), 'status')
  assert.deepEqual(written({ replicas: 2, readyReplicas: 2, availableReplicas: 1 }), [])
  assert.deepEqual(written({ replicas: 1, readyReplicas: 2, availableReplicas: 3 }), [
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 3: cannot be greater than status.readyReplicas',
  ])
})

test('a daemon set takes pods away or adds some, never both', () => {
  const rolling = (rollingUpdate: object) =>
    refusalsOf(daemonSetKind, sent({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } }))
  const at = 'spec.updateStrategy.rollingUpdate'
  assert.deepEqual(rolling({ maxSurge: 1 }), [
    `${at}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`,
  ])
  assert.deepEqual(rolling({ maxUnavailable: 0 }), [
    `${at}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`,
  ])
  assert.deepEqual(rolling({ maxUnavailable: '101%' }), [
    `${at}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`,
  ])
  assert.deepEqual(refusalsOf(daemonSetKind, sent({ updateStrategy: { type: 'Now' } })), [
    'spec.updateStrategy: Unsupported value: {"type":"Now"}: supported values: "RollingUpdate", "OnDelete"',
  ])
})

test('a daemon set keeps its selector and names itself about deadlines', () => {
  const selector = { matchLabels: { app: 'x', more: 'y' } }
  const errors = updateRefusals(daemonSetKind, sent(), ({ spec }) => {
    spec.selector = selector
    spec.template.metadata!.labels = selector.matchLabels
    spec.template.spec!.activeDeadlineSeconds = 5
  })
  assert.deepEqual(errors, [
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported',
    'spec.selector: Invalid value: {"matchLabels":{"app":"x","more":"y"}}: field is immutable',
  ])
})

test('a daemon set counts the versions of its template', () => {
  const KEY = 'deprecated.daemonset.template.generation'
  const old = completed(daemonSetKind, sent())
  assert.equal(old.metadata.annotations?.[KEY], '1')
  const draft = structuredClone(old)
  draft.metadata.annotations = { [KEY]: '9' }
  daemonSetKind.prepare!(draft, old, undefined)
  assert.equal(draft.metadata.annotations[KEY], '1')
  draft.spec.template.spec!.containers[0]!.image = 'x:2'
  daemonSetKind.prepare!(draft, old, undefined)
  assert.equal(draft.metadata.annotations[KEY], '2')
})
