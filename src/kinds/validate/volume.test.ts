// One wrong volume after the other, each with what Kubernetes says of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Volume } from '../k8s/core.ts'
import { validateVolumes } from './volume.ts'

const said = (source: object): string[] =>
  validateVolumes([{ name: 'v', ...source } as Volume], 'v').map(
    ({ field, message }) => `${field.replace(/^v\[0\]\.?/, '')}: ${message}`,
  )

const IQN = 'iqn.2026-01.com.example:storage.disk1'
const ISCSI = { targetPortal: '192.0.2.1', iqn: IQN, lun: 0 }
const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const projected = (source: object) => ({ projected: { sources: [source] } })
const BUNDLE = { name: 'b', path: 'ca.pem' }
const CERTIFICATE = { signerName: 'example.com/s', keyType: 'ED25519', keyPath: 'key.pem' }

const right: object[] = [
  { gcePersistentDisk: { pdName: 'd', partition: 255 } },
  { awsElasticBlockStore: { volumeID: 'd' } },
  { flocker: { datasetName: 'd' } },
  { iscsi: ISCSI },
  {
    iscsi: {
      ...ISCSI,
      iqn: 'eui.0123456789ABCDEF',
      chapAuthSession: true,
      secretRef: { name: 's' },
    },
  },
  { fc: { targetWWNs: ['50060e801049cfd1'], lun: 0 } },
  { fc: { wwids: ['3600508b400105e210000900000490000'] } },
  { azureDisk: { diskName: 'd', diskURI: 'https://a.blob.core.windows.net/c/d.vhd' } },
  { azureDisk: { diskName: 'd', diskURI: '/subscriptions/a/d', kind: 'Managed' } },
  { quobyte: { registry: 'a:1,b:2', volume: 'v' } },
  { ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec: CLAIM } } },
  { csi: { driver: 'Example.com' } },
  projected({ clusterTrustBundle: BUNDLE }),
  projected({ clusterTrustBundle: { signerName: 'example.com/s', path: 'ca.pem' } }),
  projected({ podCertificate: CERTIFICATE }),
]

test('volumes that are right are taken', () => {
  for (const source of right) assert.deepEqual(said(source), [], JSON.stringify(source))
})

const REQUIRED = 'Required value'
const wrong: [source: object, ...errors: string[]][] = [
  [{ gcePersistentDisk: {} }, `gcePersistentDisk.pdName: ${REQUIRED}`],
  [
    { gcePersistentDisk: { pdName: 'd', partition: 256 } },
    'gcePersistentDisk.partition: Invalid value: 256: must be between 0 and 255, inclusive',
  ],
  [{ glusterfs: {} }, `glusterfs.endpoints: ${REQUIRED}`, `glusterfs.path: ${REQUIRED}`],
  [{ rbd: { monitors: [] } }, `rbd.monitors: ${REQUIRED}`, `rbd.image: ${REQUIRED}`],
  [{ flocker: {} }, `flocker: ${REQUIRED}: one of datasetName and datasetUUID is required`],
  [
    { flocker: { datasetName: 'a/b', datasetUUID: 'c' } },
    'flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously',
    `flocker.datasetName: Invalid value: "a/b": must not contain '/'`,
  ],
  [
    { iscsi: { ...ISCSI, iqn: 'iqn.x', lun: 256, chapAuthDiscovery: true } },
    'iscsi.iqn: Invalid value: "iqn.x": must be valid format',
    'iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
    `iscsi.secretRef: ${REQUIRED}`,
  ],
  [
    { iscsi: { ...ISCSI, initiatorName: 'me', secretRef: {} } },
    `iscsi.secretRef.name: ${REQUIRED}`,
    'iscsi.initiatorname: Invalid value: "me": must be valid format',
  ],
  [{ fc: {} }, `fc.targetWWNs: ${REQUIRED}: must specify either targetWWNs or wwids, but not both`],
  [
    { fc: { targetWWNs: ['a'] } },
    `fc.lun: ${REQUIRED}: lun is required if targetWWNs is specified`,
  ],
  [
    { fc: { targetWWNs: ['a'], wwids: ['b'] } },
    'fc.targetWWNs: Invalid value: ["a"]: must specify either targetWWNs or wwids, but not both',
  ],
  [
    { azureDisk: { diskName: 'd', diskURI: 'https://x', kind: 'Managed', cachingMode: 'Some' } },
    'azureDisk.cachingMode: Unsupported value: "Some": supported values: "None", "ReadOnly", "ReadWrite"',
    'azureDisk.diskURI: Unsupported value: "https://x": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
  ],
  [
    { quobyte: { registry: 'a', volume: '' } },
    `quobyte.volume: ${REQUIRED}`,
    'quobyte.registry: Invalid value: "a": must be a host:port pair or multiple pairs separated by commas',
  ],
  [
    { scaleIO: {} },
    ...['gateway', 'system', 'volumeName'].map((key) => `scaleIO.${key}: ${REQUIRED}`),
  ],
  [
    { gitRepo: { repository: '', directory: '../x' } },
    `gitRepo.repository: ${REQUIRED}`,
    `gitRepo.directory: Invalid value: "../x": must not contain '..'`,
  ],
  [
    { csi: { driver: 'a_b' } },
    "csi.driver: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  [
    { csi: { driver: 'd', nodePublishSecretRef: {} } },
    `csi.nodePublishSecretRef.name: ${REQUIRED}`,
  ],
  [{ ephemeral: {} }, `ephemeral.volumeClaimTemplate: ${REQUIRED}`],
  [
    {
      ephemeral: {
        volumeClaimTemplate: { metadata: { name: 'n' }, spec: { resources: CLAIM.resources } },
      },
    },
    'ephemeral.volumeClaimTemplate.metadata: Forbidden: may only specify labels and annotations',
    `ephemeral.volumeClaimTemplate.spec.accessModes: ${REQUIRED}: at least 1 access mode is required`,
  ],
  [
    projected({ clusterTrustBundle: { path: 'p' } }),
    `projected.sources[0].clusterTrustBundle: ${REQUIRED}: either name or signerName must be specified`,
  ],
  [
    projected({ clusterTrustBundle: { ...BUNDLE, signerName: 's' } }),
    'projected.sources[0].clusterTrustBundle: Invalid value: null: only one of name and signerName may be used',
  ],
  [
    projected({ podCertificate: { signerName: '', keyType: 'RSA1', maxExpirationSeconds: 1 } }),
    `projected.sources[0].podCertificate.signerName: ${REQUIRED}`,
    'projected.sources[0].podCertificate.keyType: Unsupported value: "RSA1": supported values: "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"',
    'projected.sources[0].podCertificate.maxExpirationSeconds: Invalid value: 1: if provided, maxExpirationSeconds must be >= 3600',
    `projected.sources[0].podCertificate: ${REQUIRED}: specify at least one of credentialBundlePath, keyPath, and certificateChainPath`,
  ],
]

for (const [source, ...errors] of wrong)
  test(`of ${JSON.stringify(source)} is told what is wrong`, () => {
    assert.deepEqual(said(source), errors)
  })

test('two sources may not take one path', () => {
  const sources = [
    { clusterTrustBundle: BUNDLE },
    { podCertificate: { ...CERTIFICATE, keyPath: 'ca.pem' } },
  ]
  assert.deepEqual(said({ projected: { sources } }), [
    'projected: Invalid value: "ca.pem": conflicting duplicate paths',
  ])
})
