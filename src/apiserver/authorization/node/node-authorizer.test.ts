import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { UserInfo } from '#base/api-call.ts'
import {
  configMap,
  type Json,
  listOf,
  pod,
  serviceAccount,
  type TestApi,
  type TestCluster,
  testCluster,
  textOf,
} from '../../test-cluster.ts'
import { nodeNameOf } from './node-identity.ts'

const NS = '/api/v1/namespaces/default'
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'

const userOf = (name: string): UserInfo => ({
  username: `system:node:${name}`,
  groups: ['system:nodes', 'system:authenticated'],
})

test('nodeNameOf wants both the name and the group', () => {
  assert.equal(nodeNameOf(userOf('a')), 'a')
  assert.equal(nodeNameOf(userOf('')), '')
  assert.equal(nodeNameOf({ username: 'system:node:a', groups: [] }), undefined)
  assert.equal(nodeNameOf({ username: 'a', groups: ['system:nodes'] }), undefined)
})

const USES_ALL = {
  nodeName: 'a',
  serviceAccountName: 'worker',
  imagePullSecrets: [{ name: 'pull' }],
  initContainers: [
    {
      name: 'i',
      image: 'x',
      envFrom: [{ secretRef: { name: 'all' } }, { configMapRef: { name: 'all' } }],
    },
  ],
  containers: [
    {
      name: 'c',
      image: 'x',
      env: [
        { name: 'S', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } },
        { name: 'C', valueFrom: { configMapKeyRef: { name: 'key', key: 'k' } } },
      ],
    },
  ],
  volumes: [
    { name: 's', secret: { secretName: 'volume' } },
    { name: 'c', configMap: { name: 'volume' } },
    {
      name: 'p',
      projected: { sources: [{ secret: { name: 'part' } }, { configMap: { name: 'part' } }] },
    },
    { name: 'd', csi: { driver: 'd.example.com', nodePublishSecretRef: { name: 'driver' } } },
    { name: 'claim', persistentVolumeClaim: { claimName: 'data' } },
    {
      name: 'own',
      ephemeral: {
        volumeClaimTemplate: {
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      },
    },
  ],
}

let cluster: TestCluster
let a: TestApi
let b: TestApi

/** For a group's own hook: one of the file would be one of all tests in the process. */
async function start(): Promise<void> {
  cluster = await testCluster()
  const { api, as } = cluster
  await api.create('/api/v1/namespaces', { metadata: { name: 'other' } })
  await api.create(`${NS}/serviceaccounts`, serviceAccount('worker'))
  for (const name of ['pull', 'all', 'key', 'volume', 'part', 'driver', 'none', 'stage'])
    await api.create(`${NS}/secrets`, { metadata: { name } })
  for (const name of ['all', 'key', 'volume', 'part', 'none'])
    await api.create(`${NS}/configmaps`, configMap(name))
  for (const name of ['a', 'b']) await api.create('/api/v1/nodes', { metadata: { name } })
  await api.create(`${NS}/pods`, pod('all', USES_ALL))
  a = as(userOf('a'))
  b = as(userOf('b'))
}

const refusal = (why: string) => (error: Error) => {
  assert.match(error.message, /is forbidden: User "system:node:[ab]" cannot/)
  assert.ok(error.message.endsWith(why), `${error.message} does not end with ${why}`)
  return true
}
const noRelation = (node: string) =>
  refusal(`: no relationship found between node '${node}' and this object`)

describe('the node authorizer', () => {
  beforeEach(start)

  test('lets a node read what its pods name, and no other node', async () => {
    const needed = [
      ...['pull', 'all', 'key', 'volume', 'part', 'driver'].map((name) => `secrets/${name}`),
      ...['all', 'key', 'volume', 'part'].map((name) => `configmaps/${name}`),
      'serviceaccounts/worker',
      'pods/all',
    ]
    for (const place of needed) {
      await a.get(`${NS}/${place}`)
      await assert.rejects(b.get(`${NS}/${place}`), noRelation('b'), place)
    }
    for (const place of ['secrets/none', 'configmaps/none', 'serviceaccounts/default'])
      await assert.rejects(a.get(`${NS}/${place}`), noRelation('a'), place)
    await assert.rejects(a.get('/api/v1/namespaces/other/secrets/pull'), noRelation('a'))
    await a.get(`${NS}/secrets?fieldSelector=metadata.name%3Dpull`)
    await assert.rejects(a.get(`${NS}/secrets`), refusal(': No Object name found'))
    await assert.rejects(
      a.get('/api/v1/secrets'),
      refusal(': can only read namespaced object of this type'),
    )
    await assert.rejects(
      a.delete(`${NS}/secrets/pull`),
      refusal(': can only read resources of this type'),
    )
  })

  test('follows claims to volumes and to what those need', async () => {
    const { api } = cluster
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    for (const name of ['data', 'all-own', 'none'])
      await api.create(`${NS}/persistentvolumeclaims`, {
        metadata: { name },
        spec: { ...claim, storageClassName: '' },
      })
    const volume = (name: string, claimName: string) => ({
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        claimRef: { namespace: 'default', name: claimName },
        csi: {
          driver: 'd.example.com',
          volumeHandle: name,
          nodeStageSecretRef: { namespace: 'default', name: 'stage' },
          controllerPublishSecretRef: { namespace: 'default', name: 'none' },
        },
      },
    })
    await assert.rejects(a.get(`${NS}/secrets/stage`), noRelation('a'))
    await api.create('/api/v1/persistentvolumes', volume('bound', 'data'))
    await api.create('/api/v1/persistentvolumes', volume('elsewhere', 'none'))
    for (const name of ['data', 'all-own']) {
      await a.get(`${NS}/persistentvolumeclaims/${name}`)
      await assert.rejects(b.get(`${NS}/persistentvolumeclaims/${name}`), noRelation('b'))
    }
    await a.get('/api/v1/persistentvolumes/bound')
    await a.get(`${NS}/secrets/stage`)
    await assert.rejects(b.get(`${NS}/secrets/stage`), noRelation('b'))
    await assert.rejects(a.get(`${NS}/secrets/none`), noRelation('a'))
    await assert.rejects(a.get('/api/v1/persistentvolumes/elsewhere'), noRelation('a'))
    await assert.rejects(
      a.get('/api/v1/persistentvolumes'),
      refusal(': can only get individual resources of this type'),
    )
  })

  test('shows pods by node, and of nodes the own one', async () => {
    const items = async (api: TestApi, path: string) => listOf((await api.get(path))['items'])
    assert.equal((await items(a, '/api/v1/pods?fieldSelector=spec.nodeName%3Da')).length, 1)
    assert.equal((await items(b, '/api/v1/pods?fieldSelector=spec.nodeName%3Db')).length, 0)
    const wanted = ': can only list/watch pods with spec.nodeName field selector'
    for (const selector of [
      '',
      '?fieldSelector=spec.nodeName%3Da',
      '?fieldSelector=spec.nodeName!%3Db',
    ])
      await assert.rejects(b.get(`/api/v1/pods${selector}`), refusal(wanted))
    await a.get('/api/v1/nodes/a')
    await a.get('/api/v1/nodes?fieldSelector=metadata.name%3Da')
    await assert.rejects(
      a.get('/api/v1/nodes/b'),
      refusal(": node 'a' cannot read 'b', only its own Node object"),
    )
    await assert.rejects(
      a.get('/api/v1/nodes'),
      refusal(": node 'a' cannot read all nodes, only its own Node object"),
    )
  })

  test('a mirror pod gives its node nothing to read', async () => {
    const { api } = cluster
    const mirror = pod('mirror', {
      nodeName: 'b',
      volumes: [{ name: 's', secret: { secretName: 'none' } }],
    })
    const metadata = { name: 'mirror', annotations: { 'kubernetes.io/config.mirror': 'x' } }
    await api.create(`${NS}/pods`, { ...mirror, metadata })
    await b.get(`${NS}/pods/mirror`)
    await assert.rejects(b.get(`${NS}/secrets/none`), noRelation('b'))
  })

  test('leases are the own one, and everything else is as system:node says', async () => {
    await a.create(LEASES, { metadata: { name: 'a' }, spec: {} })
    await a.get(`${LEASES}/a`)
    await assert.rejects(
      b.get(`${LEASES}/a`),
      refusal(': can only access node lease with the same name as the requesting node'),
    )
    await assert.rejects(
      a.get('/apis/coordination.k8s.io/v1/namespaces/default/leases/a'),
      refusal(': can only access leases in the "kube-node-lease" system namespace'),
    )
    await a.get('/api/v1/services')
    await assert.rejects(a.get('/apis/apps/v1/deployments'), refusal('at the cluster scope'))
    const nobody = cluster.as(userOf(''))
    await assert.rejects(nobody.get('/api/v1/services'), {
      message: /: unknown node for user "system:node:"$/,
    })
  })

  test('what an administrator grants beside it counts, and reviews say what is so', async () => {
    const { api } = cluster
    const review = async (attributes: object): Promise<Json> => {
      const { user, groups } = { user: 'system:node:b', groups: ['system:nodes'] }
      const spec = { user, groups, resourceAttributes: attributes }
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
      return (await api.create(path, { spec }))['status']!
    }
    const secret = {
      verb: 'get',
      version: 'v1',
      resource: 'secrets',
      namespace: 'default',
      name: 'all',
    }
    assert.deepEqual(await review(secret), {
      allowed: false,
      reason: "no relationship found between node 'b' and this object",
    })
    const list = { verb: 'list', version: 'v1', resource: 'pods' }
    const requirements = [{ key: 'spec.nodeName', operator: 'In', values: ['b'] }]
    const selected = { ...list, fieldSelector: { requirements } }
    assert.deepEqual(await review(selected), { allowed: true })
    const raw = { ...list, fieldSelector: { rawSelector: 'spec.nodeName=a' } }
    assert.equal((await review(raw))['allowed'], false)
    const rules = (
      await b.create('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
        spec: { namespace: 'default' },
      })
    )['status']
    assert.equal(rules?.['incomplete'], true)
    assert.match(textOf(rules?.['evaluationError']), /node authorizer does not support/)
    await api.create('/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      metadata: { name: 'n' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:node:b' }],
    })
    await b.get(`${NS}/secrets/all`)
  })
})
