import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PersistentVolumeClaim } from '#kinds/k8s/core.ts'
import type { Ingress } from '#kinds/k8s/networking.ts'
import { ingressClasses, ingresses, persistentVolumeClaims, storageClasses } from '#kinds/refs.ts'
import { defaultIngressClass, defaultStorageClass } from './default-class.ts'
import { askPlugin, readerOf } from './test-admission.ts'

const storageClass = (name: string, creationTimestamp: string, isDefault = true) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name,
    creationTimestamp,
    annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) },
  },
  provisioner: 'p',
})
const claim = (spec: PersistentVolumeClaim['spec']): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', namespace: 'n' },
  spec,
})

test('a claim without a class gets the newest default class', async () => {
  const plugin = defaultStorageClass(
    readerOf(
      [storageClasses, storageClass('old', '2026-01-01T00:00:00Z')],
      [storageClasses, storageClass('b', '2026-02-01T00:00:00Z')],
      [storageClasses, storageClass('a', '2026-02-01T00:00:00Z')],
      [storageClasses, storageClass('other', '2026-03-01T00:00:00Z', false)],
    ),
  )
  const given = async (spec: PersistentVolumeClaim['spec']) =>
    (await askPlugin(plugin, persistentVolumeClaims, claim(spec)))?.spec.storageClassName
  assert.equal(await given({}), 'a')
  assert.equal(await given({ storageClassName: 'mine' }), 'mine')
  assert.equal(await given({ storageClassName: '' }), '')
})

test('a claim stays without a class where there is no default', async () => {
  const plugin = defaultStorageClass(readerOf())
  const made = await askPlugin(plugin, persistentVolumeClaims, claim({}))
  assert.equal(made?.spec.storageClassName, undefined)
})

test('an ingress without a class gets the default one, unless the old annotation names another', async () => {
  const ingressClass = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: {
      name: 'standard',
      annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
    },
  }
  const plugin = defaultIngressClass(readerOf([ingressClasses, ingressClass]))
  const ingress = (annotations?: Record<string, string>): Ingress => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'i', namespace: 'n', ...(annotations && { annotations }) },
    spec: {},
  })
  const given = async (annotations?: Record<string, string>) =>
    (await askPlugin(plugin, ingresses, ingress(annotations)))?.spec?.ingressClassName
  assert.equal(await given(), 'standard')
  assert.equal(await given({ 'kubernetes.io/ingress.class': 'other' }), undefined)
})
