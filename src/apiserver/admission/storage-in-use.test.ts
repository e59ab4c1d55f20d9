import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, persistentVolumeClaims, persistentVolumes } from '#kinds/refs.ts'
import { storageInUse } from './storage-in-use.ts'
import { askPlugin } from './test-admission.ts'

test('claims and volumes get the finalizer that protects them, once', async () => {
  const object = (finalizers?: string[]) => ({
    apiVersion: 'v1',
    kind: 'Any',
    metadata: { name: 'a', ...(finalizers && { finalizers }) },
  })
  const given = async (kind: Parameters<typeof askPlugin>[1], finalizers?: string[]) =>
    (await askPlugin(storageInUse, kind, object(finalizers)))?.metadata.finalizers
  assert.deepEqual(await given(persistentVolumeClaims), ['kubernetes.io/pvc-protection'])
  assert.deepEqual(await given(persistentVolumes, ['own']), ['own', 'kubernetes.io/pv-protection'])
  const twice = ['kubernetes.io/pvc-protection']
  assert.deepEqual(await given(persistentVolumeClaims, twice), twice)
  assert.equal(await given(configMaps), undefined)
})
