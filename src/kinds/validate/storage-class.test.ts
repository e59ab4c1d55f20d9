import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csiDriverKind } from '../csi-driver.ts'
import { storageClassKind } from '../storage-class.ts'
import { errorsOf, made } from '../test-errors.ts'
import { volumeAttachmentKind } from '../volume-attachment.ts'
import { volumeAttributesClassKind } from '../volume-attributes-class.ts'

const CLASS = { provisioner: 'x.example.com', parameters: { a: '1' } }

test('a StorageClass names a provisioner and policies that there are', () => {
  assert.deepEqual(errorsOf(storageClassKind, CLASS), [])
  const { reclaimPolicy, volumeBindingMode } = made(storageClassKind, CLASS)
  assert.deepEqual([reclaimPolicy, volumeBindingMode], ['Delete', 'Immediate'])
  const wrong = { provisioner: '', reclaimPolicy: 'Recycle', volumeBindingMode: 'Never' }
  const errors = errorsOf(storageClassKind, wrong)
  assert.equal(errors.length, 3)
  assert.match(errors[0]!, /^provisioner: Required value/)
  assert.equal(
    errors[1],
    'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
  )
  assert.equal(
    errors[2],
    'volumeBindingMode: Unsupported value: "Never": supported values: "Immediate", "WaitForFirstConsumer"',
  )
})

test('what volumes are made with stays; that they may grow does not', () => {
  const changed = {
    provisioner: 'y.example.com',
    parameters: { a: '2' },
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
  }
  assert.deepEqual(errorsOf(storageClassKind, changed, CLASS), [
    'parameters: Forbidden: updates to parameters are forbidden.',
    'provisioner: Forbidden: updates to provisioner are forbidden.',
    'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ])
  assert.deepEqual(errorsOf(storageClassKind, { ...CLASS, allowVolumeExpansion: true }, CLASS), [])
})

test('a VolumeAttributesClass has parameters, and they stay', () => {
  const attributes = { driverName: 'x.example.com', parameters: { iops: '1' } }
  assert.deepEqual(errorsOf(volumeAttributesClassKind, attributes), [])
  assert.deepEqual(errorsOf(volumeAttributesClassKind, { driverName: 'x.example.com' }), [
    'parameters: Required value: must contain at least one key/value pair',
  ])
  const changed = { driverName: 'y.example.com', parameters: { iops: '2' } }
  assert.deepEqual(errorsOf(volumeAttributesClassKind, changed, attributes), [
    'driverName: Forbidden: updates to driverName are forbidden.',
    'parameters: Forbidden: updates to parameters are forbidden.',
  ])
})

test('a CSIDriver says how it attaches, once and for all', () => {
  const { spec } = made(csiDriverKind, {})
  assert.deepEqual([spec.attachRequired, spec.volumeLifecycleModes], [true, ['Persistent']])
  assert.deepEqual(errorsOf(csiDriverKind, { spec: { attachRequired: false } }, {}), [
    'spec.attachRequired: Invalid value: false: field is immutable',
  ])
  const tokens = { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 599 }] } }
  assert.deepEqual(errorsOf(csiDriverKind, tokens), [
    'spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
  ])
})

test('a VolumeAttachment names one volume', () => {
  const attachment = { spec: { attacher: 'x.example.com', nodeName: 'n', source: {} } }
  assert.deepEqual(errorsOf(volumeAttachmentKind, attachment), [
    'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ])
})
