import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '#client/create-client.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '#kinds/k8s/core.ts'
import { CLAIM_PROTECTION, VOLUME_PROTECTION } from '#kinds/protection.ts'
import { persistentVolumeClaims, persistentVolumes, pods } from '#kinds/refs.ts'
import { createClaimProtectionController } from './claim-protection.ts'
import { controllerBench } from './controller-bench.ts'
import { createVolumeProtectionController } from './volume-protection.ts'

const claim = (name: string, finalizers: string[]): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'n', finalizers },
  spec: {},
})

const pod = (volume: object, nodeName: string | undefined): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n' },
  spec: {
    containers: [],
    volumes: [{ name: 'v', ...volume }],
    ...(nodeName === undefined ? {} : { nodeName }),
  },
})

const PLACE = { namespace: 'n', name: 'c' }

test('a deleted claim stays until the last pod that uses it is gone', async () => {
  const { api, settle, stop } = controllerBench(createClaimProtectionController)
  api.put(persistentVolumeClaims, claim('c', [CLAIM_PROTECTION]))
  api.put(pods, pod({ persistentVolumeClaim: { claimName: 'c' } }, 'node'))
  await settle()
  await createClient(api.call).resource(persistentVolumeClaims).delete(PLACE)
  await settle()
  assert.notEqual(api.get(persistentVolumeClaims, PLACE)?.metadata.deletionTimestamp, undefined)
  api.remove(pods, { namespace: 'n', name: 'p' })
  await settle()
  assert.equal(api.get(persistentVolumeClaims, PLACE), undefined)
  await stop()
})

test('a pod without a node does not hold a deleted claim', async () => {
  const { api, settle, stop } = controllerBench(createClaimProtectionController)
  api.put(persistentVolumeClaims, claim('c', [CLAIM_PROTECTION]))
  api.put(pods, pod({ persistentVolumeClaim: { claimName: 'c' } }, undefined))
  await settle()
  await createClient(api.call).resource(persistentVolumeClaims).delete(PLACE)
  await settle()
  assert.equal(api.get(persistentVolumeClaims, PLACE), undefined)
  await stop()
})

test('the claim of an ephemeral volume is held by its pod', async () => {
  const { api, settle, stop } = controllerBench(createClaimProtectionController)
  api.put(persistentVolumeClaims, claim('p-v', [CLAIM_PROTECTION]))
  api.put(pods, pod({ ephemeral: {} }, 'node'))
  await settle()
  const place = { namespace: 'n', name: 'p-v' }
  await createClient(api.call).resource(persistentVolumeClaims).delete(place)
  await settle()
  assert.notEqual(api.get(persistentVolumeClaims, place), undefined)
  await stop()
})

test('a claim that lost its finalizer gets it again', async () => {
  const { api, settle, stop } = controllerBench(createClaimProtectionController)
  api.put(persistentVolumeClaims, claim('c', []))
  await settle()
  const { metadata } = api.get(persistentVolumeClaims, PLACE)!
  assert.deepEqual(metadata.finalizers, [CLAIM_PROTECTION])
  await stop()
})

test('a deleted volume stays while it is bound', async () => {
  const { api, settle, stop } = controllerBench(createVolumeProtectionController)
  const volume = (phase: 'Bound' | 'Released'): PersistentVolume => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v', finalizers: [VOLUME_PROTECTION] },
    spec: {},
    status: { phase },
  })
  api.put(persistentVolumes, volume('Bound'))
  await settle()
  const resource = createClient(api.call).resource(persistentVolumes)
  await resource.delete({ name: 'v' })
  await settle()
  const held = api.get(persistentVolumes, { name: 'v' })!
  assert.notEqual(held.metadata.deletionTimestamp, undefined)
  await resource.updateStatus({ ...held, status: { phase: 'Released' } })
  await settle()
  assert.equal(api.get(persistentVolumes, { name: 'v' }), undefined)
  await stop()
})
