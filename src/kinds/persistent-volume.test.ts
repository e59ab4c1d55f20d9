import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PersistentVolume, PersistentVolumeClaim } from './k8s/core.ts'
import { persistentVolumeClaimKind } from './persistent-volume-claim.ts'
import { persistentVolumeKind } from './persistent-volume.ts'
import { completed, refusalsOf, updateRefusals } from './refusals.ts'

const amount = (storage: string) => ({ requests: { storage } })
const claim = (spec: object = {}) => ({
  spec: { accessModes: ['ReadWriteOnce'], resources: amount('1Gi'), ...spec },
})
const volume = (spec: object = {}) => ({
  spec: {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
    hostPath: { path: '/x' },
    ...spec,
  },
})

describe('a claim', () => {
  const refused = (spec: object, ...lines: string[]) =>
    assert.deepEqual(refusalsOf(persistentVolumeClaimKind, claim(spec)), lines)
  const modes = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'

  test('says how it is mounted and how large it is', () => {
    refused(
      { accessModes: [], resources: {} },
      'spec.accessModes: Required value: at least 1 access mode is required',
      'spec.resources[storage]: Required value',
    )
    refused(
      { accessModes: ['Any', 'ReadWriteOncePod'], resources: amount('0') },
      `spec.accessModes: Unsupported value: "Any": supported values: ${modes}`,
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    )
    refused(
      { volumeMode: 'Tape', storageClassName: '' },
      'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    )
  })

  test('has one source, under both of its names', () => {
    const dataSource = { kind: 'PersistentVolumeClaim', name: 'a' }
    const { spec } = completed(persistentVolumeClaimKind, claim({ dataSource }))
    assert.deepEqual(spec.dataSourceRef, dataSource)
    refused(
      { dataSource: { kind: 'VolumeSnapshot', name: '' } },
      'spec.dataSource.name: Required value',
      `spec.dataSource: Invalid value: "VolumeSnapshot": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
      'spec.dataSourceRef.name: Required value',
      `spec.dataSourceRef: Invalid value: "VolumeSnapshot": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
    )
    refused(
      { dataSource, dataSourceRef: { ...dataSource, name: 'b' } },
      'spec: Invalid value: "spec.dataSource": must match dataSourceRef',
    )
  })

  const changed = (
    change: (claim: PersistentVolumeClaim) => void,
    status: PersistentVolumeClaim['status'] = { phase: 'Bound', capacity: { storage: '1Gi' } },
    spec: object = { volumeName: 'v', storageClassName: 'c' },
  ) => {
    const old = { ...completed(persistentVolumeClaimKind, claim(spec)), status }
    const draft = structuredClone(old)
    change(draft)
    return persistentVolumeClaimKind
      .validate(draft, old)
      .map(({ field, message }) => `${field}: ${message}`)
  }
  const IMMUTABLE =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

  test('that is bound may grow, and shrink again to more than it has', () => {
    assert.deepEqual(
      changed(({ spec }) => (spec.resources = amount('2Gi'))),
      [],
    )
    assert.deepEqual(
      changed(({ spec }) => (spec.resources = amount('1Mi'))),
      ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
    )
    assert.deepEqual(
      changed(
        ({ spec }) => (spec.resources = amount('2Gi')),
        { phase: 'Bound', capacity: { storage: '1Gi' } },
        { volumeName: 'v', resources: amount('3Gi') },
      ),
      [],
    )
  })

  test('keeps everything else', () => {
    const [error, ...others] = changed(({ spec }) => (spec.accessModes = ['ReadWriteMany']))
    assert.ok(error?.startsWith(`${IMMUTABLE}\n@@ `), error)
    assert.match(error ?? '', /-  "ReadWriteOnce"\n\+  "ReadWriteMany"\n/)
    assert.deepEqual(others, [])
    assert.match(changed(({ spec }) => (spec.volumeName = 'w'))[0] ?? '', /immutable/)
    assert.equal(
      changed(({ spec }) => (spec.resources = amount('2Gi')), { phase: 'Pending' }).length,
      1,
    )
  })

  test('gets its volume and its class once', () => {
    const choose = ({ spec }: PersistentVolumeClaim) => {
      spec.volumeName = 'v'
      spec.storageClassName = 'c'
    }
    assert.deepEqual(changed(choose, { phase: 'Pending' }, {}), [])
  })

  test('keeps the class of its attributes, or takes another', () => {
    const spec = { volumeName: 'v', volumeAttributesClassName: 'gold' }
    const status = { phase: 'Bound' } as const
    assert.deepEqual(
      changed((draft) => (draft.spec.volumeAttributesClassName = 'silver'), status, spec),
      [],
    )
    assert.deepEqual(
      changed((draft) => (draft.spec.volumeAttributesClassName = ''), status, spec),
      [
        'spec.volumeAttributesClassName: Forbidden: update from non-nil value to an empty string is forbidden',
      ],
    )
  })
})

describe('a volume', () => {
  const refused = (spec: object, ...lines: string[]) =>
    assert.deepEqual(refusalsOf(persistentVolumeKind, volume(spec)), lines)

  test('says how large it is and where its bytes are', () => {
    refused(
      { accessModes: [], capacity: undefined, hostPath: undefined },
      'spec.accessModes: Required value',
      'spec.capacity: Required value',
      'spec.capacity: Unsupported value: {}: supported values: "storage"',
      'spec: Required value: must specify a volume type',
    )
    refused(
      { nfs: { server: 's', path: '/' } },
      'spec.nfs: Forbidden: may not specify more than 1 volume type',
    )
    refused(
      { hostPath: undefined, nfs: { path: 'x' } },
      'spec.nfs.server: Required value',
      'spec.nfs.path: Invalid value: "x": must be an absolute path',
    )
    refused(
      { hostPath: undefined, csi: { driver: '-' } },
      "spec.csi.driver: Invalid value: \"-\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      'spec.csi.volumeHandle: Required value',
    )
    refused(
      { hostPath: { path: '/a/../b' } },
      'spec.hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
    )
  })

  test('on one node says on which', () => {
    const local = { hostPath: undefined, local: { path: '/disk' } }
    refused(local, 'spec.nodeAffinity: Required value: Local volume requires node affinity')
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n'] }]
    refused({ ...local, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } })
    refused(
      { ...local, nodeAffinity: { required: { nodeSelectorTerms: [] } } },
      'spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term',
    )
  })

  test('that is a whole disk is not emptied', () => {
    refused(
      { hostPath: { path: '//' }, persistentVolumeReclaimPolicy: 'Recycle' },
      "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
    )
  })

  test('stays where it is', () => {
    const changed = (change: (volume: PersistentVolume) => void) =>
      updateRefusals(persistentVolumeKind, volume(), change)
    assert.deepEqual(
      changed(({ spec }) => (spec.capacity = { storage: '2Gi' })),
      [],
    )
    assert.match(
      changed(({ spec }) => (spec.hostPath = { path: '/y' }))[0] ?? '',
      /^spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation\n@@ /,
    )
    assert.deepEqual(
      changed(({ spec }) => (spec.volumeMode = 'Block')),
      ['volumeMode: Invalid value: "Block": field is immutable'],
    )
  })

  test('is dated when its phase changes', () => {
    const now = Date.UTC(2026, 10, 1)
    const at = '2026-11-01T00:00:00Z'
    const old = completed(persistentVolumeKind, volume())
    persistentVolumeKind.stamp!(old, undefined, now)
    assert.deepEqual(old.status, { phase: 'Pending', lastPhaseTransitionTime: at })
    const draft = structuredClone(old)
    draft.status!.reason = 'x'
    persistentVolumeKind.stamp!(draft, old, now + 1000)
    assert.equal(draft.status?.lastPhaseTransitionTime, at)
    draft.status!.phase = 'Available'
    persistentVolumeKind.stamp!(draft, old, now + 1000)
    assert.equal(draft.status?.lastPhaseTransitionTime, '2026-11-01T00:00:01Z')
  })
})
