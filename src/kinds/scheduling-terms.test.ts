import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from './k8s/core.ts'
import { writeOutLabelKeys } from './scheduling-terms.ts'

test('writeOutLabelKeys narrows selectors by the labels that the pod has', () => {
  const labelSelector = () => ({ matchLabels: { app: 'web' } })
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: { app: 'web', hash: '1', tenant: 't' } },
    spec: {
      containers: [],
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'zone',
              labelSelector: labelSelector(),
              matchLabelKeys: ['hash', 'none'],
            },
            { topologyKey: 'zone', matchLabelKeys: ['hash'] },
          ],
        },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              podAffinityTerm: {
                topologyKey: 'zone',
                labelSelector: labelSelector(),
                mismatchLabelKeys: ['tenant'],
              },
            },
          ],
        },
      },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: labelSelector(),
          matchLabelKeys: ['hash'],
        },
      ],
    },
  }
  writeOutLabelKeys(pod)
  const { affinity, topologySpreadConstraints } = pod.spec
  const near = affinity!.podAffinity!.requiredDuringSchedulingIgnoredDuringExecution!
  const apart = affinity!.podAntiAffinity!.preferredDuringSchedulingIgnoredDuringExecution!
  const hash = { key: 'hash', operator: 'In', values: ['1'] }
  assert.deepEqual(near[0]!.labelSelector!.matchExpressions, [hash])
  assert.equal(near[1]!.labelSelector, undefined)
  assert.deepEqual(apart[0]!.podAffinityTerm.labelSelector!.matchExpressions, [
    { key: 'tenant', operator: 'NotIn', values: ['t'] },
  ])
  assert.deepEqual(topologySpreadConstraints![0]!.labelSelector!.matchExpressions, [hash])
})
