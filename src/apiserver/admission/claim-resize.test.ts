import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PersistentVolumeClaim } from '#kinds/k8s/core.ts'
import { persistentVolumeClaims, storageClasses } from '#kinds/refs.ts'
import { persistentVolumeClaimResize } from './claim-resize.ts'
import { askPlugin, readerOf } from './test-admission.ts'

const claim = (
  storage: string,
  storageClassName: string,
  phase: 'Bound' | 'Pending' = 'Bound',
): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', namespace: 'n' },
  spec: { storageClassName, resources: { requests: { storage } } },
  status: { phase },
})
const storageClass = (name: string, allowVolumeExpansion: boolean) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: 'p',
  allowVolumeExpansion,
})
const plugin = persistentVolumeClaimResize(
  readerOf(
    [storageClasses, storageClass('soft', true)],
    [storageClasses, storageClass('hard', false)],
  ),
)
const resize = (claimed: PersistentVolumeClaim, old: PersistentVolumeClaim) =>
  askPlugin(plugin, persistentVolumeClaims, claimed, { old })

test('a bound claim grows where its class allows it', async () => {
  await resize(claim('2Gi', 'soft'), claim('1Gi', 'soft'))
  await assert.rejects(resize(claim('2Gi', 'hard'), claim('1Gi', 'hard')), {
    message:
      'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  })
  await assert.rejects(resize(claim('2Gi', ''), claim('1Gi', '')), /must support resize/)
})

test('a claim that is not bound does not grow', async () => {
  await assert.rejects(resize(claim('2Gi', 'soft'), claim('1Gi', 'soft', 'Pending')), {
    message:
      'persistentvolumeclaims "c" is forbidden: Only bound persistent volume claims can be expanded',
  })
})

test('a claim of the same size is nobody to ask about', async () => {
  await resize(claim('1024Mi', 'hard'), claim('1Gi', 'hard', 'Pending'))
})
