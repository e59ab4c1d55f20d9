import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { UserInfo } from '#base/api-call.ts'
import { testRequest } from '#identity/test-request.ts'
import {
  type Json,
  pod,
  serviceAccount,
  type TestApi,
  type TestCluster,
  testCluster,
  textOf,
} from '../../test-cluster.ts'
import { isKeptLabel } from './judge-node.ts'

const NS = '/api/v1/namespaces/default'
const PODS = `${NS}/pods`
const NODES = '/api/v1/nodes'
const MIRROR = 'kubernetes.io/config.mirror'

const userOf = (name: string): UserInfo => ({
  username: `system:node:${name}`,
  groups: ['system:nodes', 'system:authenticated'],
})

let cluster: TestCluster
/** The node that writes. */
let own: TestApi
let nodeUid: string
let podUid: string

/** For a group's own hook: one of the file would be one of all tests in the process. */
async function start(): Promise<void> {
  cluster = await testCluster()
  const { api, as } = cluster
  own = as(userOf('a'))
  await api.create(`${NS}/serviceaccounts`, serviceAccount('default'))
  const node = await own.create(NODES, { metadata: { name: 'a', labels: { zone: 'z' } } })
  nodeUid = textOf(node['metadata']?.['uid'])
  await api.create(NODES, { metadata: { name: 'b' } })
  const made = await api.create(PODS, pod('mine', { nodeName: 'a' }))
  podUid = textOf(made['metadata']?.['uid'])
  await api.create(PODS, pod('theirs', { nodeName: 'b' }))
}

const refused = (subject: string, why: string) => ({
  reason: 'Forbidden',
  message: `${subject} is forbidden: ${why}`,
})

describe('nodes', () => {
  beforeEach(start)

  test('are written by themselves alone', async () => {
    await own.patch(`${NODES}/a/status`, { status: { addresses: [] } })
    await own.patch(`${NODES}/a`, { metadata: { labels: { zone: 'y' } } })
    for (const path of [`${NODES}/b`, `${NODES}/b/status`])
      await assert.rejects(
        own.patch(path, { metadata: { labels: { zone: 'y' } } }),
        refused('nodes "b"', 'node "a" is not allowed to modify node "b"'),
      )
    await assert.rejects(own.create(NODES, { metadata: { name: 'c' } }), {
      message: 'nodes "c" is forbidden: node "a" is not allowed to modify node "c"',
    })
  })

  test('do not change what workloads are steered by', async () => {
    const taints = [{ key: 'k', effect: 'NoSchedule' }]
    await assert.rejects(
      own.patch(`${NODES}/a`, { spec: { taints } }),
      refused('nodes "a"', 'node "a" is not allowed to modify taints'),
    )
    const labels = { 'node-restriction.kubernetes.io/x': 'y', 'kubernetes.io/role': 'r', fine: 'f' }
    await assert.rejects(
      own.patch(`${NODES}/a`, { metadata: { labels } }),
      refused(
        'nodes "a"',
        'is not allowed to modify labels: kubernetes.io/role, node-restriction.kubernetes.io/x',
      ),
    )
    await cluster.api.delete(`${NODES}/a`)
    await assert.rejects(
      own.create(NODES, { metadata: { name: 'a', labels } }),
      refused(
        'nodes "a"',
        'node "a" is not allowed to set the following labels: kubernetes.io/role, node-restriction.kubernetes.io/x',
      ),
    )
    await own.create(NODES, { metadata: { name: 'a' }, spec: { taints } })
    await assert.rejects(
      own.patch(`${NODES}/a`, {
        metadata: {
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'b', uid: 'u' }],
        },
      }),
      refused('nodes "a"', 'node "a" is not allowed to modify OwnerReferences'),
    )
  })

  test('isKeptLabel keeps the domains of Kubernetes, but for what kubelets say', () => {
    const kept = [
      'node-restriction.kubernetes.io/x',
      'a.node-restriction.kubernetes.io/x',
      'node-role.kubernetes.io/control-plane',
      'k8s.io/x',
      'a.k8s.io/x',
    ]
    const free = [
      'x',
      'example.com/x',
      'mykubernetes.io/x',
      'kubernetes.io/hostname',
      'node.kubernetes.io/x',
      'a.kubelet.kubernetes.io/x',
      'topology.kubernetes.io/zone',
    ]
    for (const label of kept) assert.equal(isKeptLabel(label), true, label)
    for (const label of free) assert.equal(isKeptLabel(label), false, label)
  })
})

const owner = (more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  name: 'a',
  uid: nodeUid,
  controller: true,
  ...more,
})

const mirror = (spec: object = {}, metadata: object = {}) =>
  pod(
    'm',
    { nodeName: 'a', ...spec },
    { annotations: { [MIRROR]: 'x' }, ownerReferences: [owner()], ...metadata },
  )

describe('pods', () => {
  beforeEach(start)

  test('a node makes mirrors of its own static pods, which name nothing else', async () => {
    const cases: readonly [object, string][] = [
      [
        mirror({}, { annotations: {} }),
        `pod does not have "${MIRROR}" annotation, node "a" can only create mirror pods`,
      ],
      [mirror({ nodeName: 'b' }), 'node "a" can only create pods with spec.nodeName set to itself'],
      [
        mirror({}, { ownerReferences: [] }),
        'node "a" can only create pods with an owner reference set to itself',
      ],
      [
        mirror({}, { ownerReferences: [owner({ name: 'b' })] }),
        'node "a" can only create pods with an owner reference set to itself',
      ],
      [
        mirror({}, { ownerReferences: [owner(), owner({ name: 'b', controller: false })] }),
        'node "a" can only create pods with a single owner reference set to itself',
      ],
      [
        mirror({}, { ownerReferences: [owner({ controller: false })] }),
        'node "a" can only create pods with a controller owner reference set to itself',
      ],
      [
        mirror({}, { ownerReferences: [owner({ blockOwnerDeletion: true })] }),
        'node "a" must not set blockOwnerDeletion on an owner reference',
      ],
      [
        mirror({}, { ownerReferences: [owner({ uid: 'old' })] }),
        `node a UID mismatch: expected old got ${nodeUid}`,
      ],
      [
        mirror({ serviceAccountName: 'default' }),
        'node "a" can not create pods that reference a service account',
      ],
      [
        mirror({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }),
        'node "a" can not create pods that reference secrets',
      ],
      [
        mirror({ volumes: [{ name: 'v', configMap: { name: 'c' } }] }),
        'node "a" can not create pods that reference configmaps',
      ],
      [
        mirror({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }),
        'node "a" can not create pods that reference persistentvolumeclaims',
      ],
      [
        mirror({ resourceClaims: [{ name: 'r', resourceClaimName: 'c' }] }),
        'node "a" can not create pods that reference resourceclaims',
      ],
    ]
    for (const [body, why] of cases)
      await assert.rejects(own.create(PODS, body), refused('pods "m"', why), why)
    await own.create(PODS, mirror())
  })

  test('a node reports on its pods, evicts and deletes them, and no others', async () => {
    const status = { status: { message: 'hello' } }
    await own.patch(`${PODS}/mine/status`, status)
    await assert.rejects(
      own.patch(`${PODS}/theirs/status`, status),
      refused(
        'pods "theirs"',
        'node "a" can only update pod status for pods with spec.nodeName set to itself',
      ),
    )
    await assert.rejects(
      own.patch(`${PODS}/mine/status`, { metadata: { labels: { a: 'b' } } }),
      refused('pods "mine"', 'node "a" cannot update labels through pod status'),
    )
    const eviction = (name: string) =>
      own.create(`${PODS}/${name}/eviction`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name },
      })
    await assert.rejects(
      eviction('theirs'),
      refused('pods "theirs"', 'node a can only evict pods with spec.nodeName set to itself'),
    )
    await eviction('mine')
    await assert.rejects(
      own.delete(`${PODS}/theirs`),
      refused('pods "theirs"', 'node "a" can only delete pods with spec.nodeName set to itself'),
    )
    await own.delete(`${PODS}/mine`, { gracePeriodSeconds: 0 })
    await assert.rejects(own.delete(`${PODS}/gone`), { reason: 'NotFound' })
  })

  test('rights of RBAC beside a node’s own do not lift the restriction', async () => {
    await cluster.api.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'n' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'cluster-admin',
      },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
    })
    await assert.rejects(
      own.patch(`${PODS}/mine`, { metadata: { labels: { a: 'b' } } }),
      refused(
        'pods "mine"',
        'unexpected operation "UPDATE", node "a" can only create and delete mirror pods',
      ),
    )
    await assert.rejects(
      own.patch(`${PODS}/mine/ephemeralcontainers`, { spec: { ephemeralContainers: [] } }),
      { message: /unexpected pod subresource "ephemeralcontainers", only 'status' and 'eviction'/ },
    )
    await assert.rejects(own.create(`${NS}/persistentvolumeclaims`, { metadata: { name: 'c' } }), {
      message: /may only update PVC status/,
    })
  })
})

describe('tokens', () => {
  beforeEach(start)

  const ask = (name: string, uid: string | undefined, audiences?: string[]): Promise<Json> =>
    own.create(`${NS}/serviceaccounts/default/token`, {
      spec: {
        ...(audiences === undefined ? {} : { audiences }),
        boundObjectRef: {
          apiVersion: 'v1',
          kind: 'Pod',
          name,
          ...(uid === undefined ? {} : { uid }),
        },
      },
    })

  test('are for the pods of the node, and for audiences that those ask for', async () => {
    const subject = 'serviceaccounts "default"'
    await ask('mine', podUid)
    await assert.rejects(
      own.create(`${NS}/serviceaccounts/default/token`, { spec: {} }),
      refused(subject, 'node requested token not bound to a pod'),
    )
    await assert.rejects(
      ask('mine', undefined),
      refused(subject, 'node requested token with a pod binding without a uid'),
    )
    await assert.rejects(ask('mine', 'old'), { message: /the UID in the bound object reference/ })
    const theirs = await cluster.api.get(`${PODS}/theirs`)
    await assert.rejects(
      ask('theirs', textOf(theirs['metadata']?.['uid'])),
      refused(subject, 'node requested token bound to a pod scheduled on a different node'),
    )
    await assert.rejects(
      ask('mine', podUid, ['vault']),
      refused(subject, 'audience "vault" not found in pod spec volume'),
    )
    await assert.rejects(
      ask('mine', podUid, ['vault', 'other']),
      refused(subject, 'node may only request 0 or 1 audiences'),
    )
  })

  test('have the audiences of projected volumes, of drivers, or what RBAC grants', async () => {
    const { api } = cluster
    await api.create('/apis/storage.k8s.io/v1/csidrivers', {
      metadata: { name: 'd.example.com' },
      spec: { tokenRequests: [{ audience: 'driver' }] },
    })
    const sources = [{ serviceAccountToken: { audience: 'vault', path: 't' } }]
    const volumes = [
      { name: 'p', projected: { sources } },
      { name: 'd', csi: { driver: 'd.example.com' } },
    ]
    const made = await api.create(PODS, pod('asks', { nodeName: 'a', volumes }))
    const uid = textOf(made['metadata']?.['uid'])
    await ask('asks', uid, ['vault'])
    await ask('asks', uid, ['driver'])
    await assert.rejects(ask('asks', uid, ['granted']), { reason: 'Forbidden' })
    const rules = [
      {
        apiGroups: [''],
        resources: ['granted'],
        verbs: ['request-serviceaccounts-token-audience'],
      },
    ]
    const RBAC = '/apis/rbac.authorization.k8s.io/v1'
    await api.create(`${RBAC}/clusterroles`, { metadata: { name: 'g' }, rules })
    await api.create(`${RBAC}/clusterrolebindings`, {
      metadata: { name: 'g' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'g' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
    })
    await ask('asks', uid, ['granted'])
  })
})

describe('what else is a node’s own', () => {
  beforeEach(start)

  test('its Lease and CSINode', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    const csiNodes = '/apis/storage.k8s.io/v1/csinodes'
    await own.create(leases, { metadata: { name: 'a' }, spec: {} })
    await own.create(csiNodes, { metadata: { name: 'a' }, spec: { drivers: [] } })
    const same = 'with the same name as the requesting node'
    await assert.rejects(own.create(leases, { metadata: { name: 'b' }, spec: {} }), {
      message: `leases.coordination.k8s.io "b" is forbidden: can only access node lease ${same}`,
    })
    await assert.rejects(own.create(csiNodes, { metadata: { name: 'b' }, spec: { drivers: [] } }), {
      message: `csinodes.storage.k8s.io "b" is forbidden: can only access CSINode ${same}`,
    })
  })

  test('certificates with its own name', async () => {
    const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
    const of = (commonName: string, signer: string) => ({
      metadata: { name: `${commonName.replaceAll(':', '-')}-${signer}` },
      spec: {
        request: testRequest({ commonName, organizations: ['system:nodes'] }).base64,
        signerName: `kubernetes.io/${signer}`,
        usages: ['digital signature', 'client auth'],
      },
    })
    for (const signer of ['kube-apiserver-client-kubelet', 'kubelet-serving']) {
      await own.create(requests, of('system:node:a', signer))
      await assert.rejects(own.create(requests, of('system:node:b', signer)), {
        message: /is forbidden: can only create a node CSR with CN=system:node:a$/,
      })
    }
    await own.create(requests, of('jane', 'kube-apiserver-client'))
  })

  test('a user in the group of nodes who names none writes nothing', async () => {
    const nobody = cluster.as(userOf(''))
    await cluster.api.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'n' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'cluster-admin',
      },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
    })
    await assert.rejects(
      nobody.create(`${NS}/configmaps`, { metadata: { name: 'c' } }),
      refused('configmaps "c"', 'could not determine node from user "system:node:"'),
    )
  })
})
