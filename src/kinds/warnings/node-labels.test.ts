import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csiStorageCapacityKind } from '../csi-storage-capacity.ts'
import type { KindDefinition } from '../definition.ts'
import { ingressKind } from '../ingress.ts'
import type { KubeObject } from '../object.ts'
import { persistentVolumeKind } from '../persistent-volume.ts'
import { runtimeClassKind } from '../runtime-class.ts'
import { storageClassKind } from '../storage-class.ts'
import { type Body, made } from '../test-errors.ts'

const OS = 'beta.kubernetes.io/os'
const WHY = 'deprecated since v1.14; use "kubernetes.io/os" instead'
const expression = { key: OS, operator: 'Exists' }

function warned<T extends KubeObject>(kind: KindDefinition<T>, body: Body): string[] {
  return kind.warnings!(made(kind, body), undefined)
}

test('labels of nodes with newer names are told of wherever they are written', () => {
  assert.deepEqual(
    warned(storageClassKind, {
      allowedTopologies: [{ matchLabelExpressions: [{ key: OS, values: ['a'] }] }],
    }),
    [`allowedTopologies[0].matchLabelExpressions[0].key: ${WHY}`],
  )
  assert.deepEqual(warned(runtimeClassKind, { scheduling: { nodeSelector: { [OS]: 'a' } } }), [
    `scheduling.nodeSelector: ${WHY}`,
  ])
  assert.deepEqual(
    warned(csiStorageCapacityKind, {
      nodeTopology: { matchExpressions: [expression], matchLabels: { [OS]: 'a' } },
    }),
    [
      `nodeTopology.matchExpressions[0].key: ${OS} is ${WHY}`,
      `nodeTopology.matchLabels.${OS}: ${WHY}`,
    ],
  )
  assert.deepEqual(
    warned(persistentVolumeKind, {
      spec: {
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
      },
    }),
    [`spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: ${OS} is ${WHY}`],
  )
})

test('an ingress names its class in the field for it', () => {
  const metadata = { annotations: { 'kubernetes.io/ingress.class': 'a' } }
  assert.deepEqual(warned(ingressKind, { metadata }), [
    `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
  ])
})
