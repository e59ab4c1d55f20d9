import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UserInfo } from '#base/api-call.ts'
import { settle } from '#base/fake-clock.ts'
import { STRING_KINDS, testRequest } from '#identity/test-request.ts'
import { fakeDial } from '../outgoing/fake-dial.ts'
import { type Json, type TestApi, type TestCluster, testCluster } from '../test-cluster.ts'
import { HOOK_CA_BUNDLE, HOOK_PLACE, HOOK_URL, webhookPeer } from './webhooks/webhook-peer.ts'

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const REGISTRATION = '/apis/admissionregistration.k8s.io/v1'
const CLIENT = 'kubernetes.io/kube-apiserver-client'

const plain = testRequest()

const jane: UserInfo = {
  username: 'jane',
  uid: 'jane-uid',
  groups: ['dev', 'system:authenticated'],
  extra: { 'example.com/from': ['office'] },
}
const clerk: UserInfo = { username: 'clerk', groups: ['system:authenticated'] }

const requestOf = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { request: plain.base64, signerName: CLIENT, usages: ['client auth'], ...spec },
})

const csr = (verbs: string[], resources: string[], more: object = {}) => ({
  apiGroups: ['certificates.k8s.io'],
  verbs,
  resources,
  ...more,
})

async function grant(api: TestApi, user: UserInfo, rules: object[]): Promise<void> {
  const name = `of-${user.username}`
  await api.create(`${RBAC}/clusterroles`, { metadata: { name }, rules })
  await api.create(`${RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user.username }],
  })
}

async function withSigner(signerName: string, verb: string): Promise<TestCluster> {
  const cluster = await testCluster()
  await grant(cluster.api, clerk, [
    csr(
      ['get', 'update', 'patch'],
      [
        'certificatesigningrequests',
        'certificatesigningrequests/approval',
        'certificatesigningrequests/status',
      ],
    ),
    csr([verb], ['signers'], { resourceNames: [signerName] }),
  ])
  await cluster.api.create(REQUESTS, requestOf('a'))
  return cluster
}

const APPROVED = { type: 'Approved', status: 'True', reason: 'Fine' }
const FAILED = { type: 'Failed', status: 'True', reason: 'No' }

const decide = async (api: TestApi, subresource: string, conditions: object[]) => {
  const stored = await api.get(`${REQUESTS}/a`)
  return api.update(`${REQUESTS}/a/${subresource}`, { ...stored, status: { conditions } })
}

describe('CertificateApproval', () => {
  test('lets those approve who may for the signer, or for all of its domain', async () => {
    for (const signerName of [CLIENT, 'kubernetes.io/*']) {
      const { as } = await withSigner(signerName, 'approve')
      const { status } = await decide(as(clerk), 'approval', [APPROVED])
      assert.equal(status?.['conditions']?.['0']?.['type'], 'Approved')
    }
  })

  test('refuses everybody else, also those who may sign', async () => {
    const others = [
      ['kubernetes.io/kubelet-serving', 'approve'],
      ['example.com/*', 'approve'],
      ['*', 'approve'],
      [CLIENT, 'sign'],
    ] as const
    for (const [signerName, verb] of others) {
      const { as } = await withSigner(signerName, verb)
      await assert.rejects(decide(as(clerk), 'approval', [APPROVED]), {
        reason: 'Forbidden',
        message: `certificatesigningrequests.certificates.k8s.io "a" is forbidden: user not permitted to approve requests with signerName "${CLIENT}"`,
      })
    }
  })
})

describe('CertificateSigning', () => {
  test('lets those write conditions and certificates who may sign', async () => {
    const { as } = await withSigner('kubernetes.io/*', 'sign')
    const { status } = await decide(as(clerk), 'status', [FAILED])
    assert.equal(status?.['conditions']?.['0']?.['type'], 'Failed')
  })

  test('refuses everybody else; a write that changes neither is nobody’s to sign', async () => {
    const { as, api } = await withSigner(CLIENT, 'approve')
    await assert.rejects(decide(as(clerk), 'status', [FAILED]), {
      reason: 'Forbidden',
      message: `certificatesigningrequests.certificates.k8s.io "a" is forbidden: user not permitted to sign requests with signerName "${CLIENT}"`,
    })
    await decide(api, 'approval', [APPROVED])
    const { status } = await api.get(`${REQUESTS}/a`)
    await decide(as(clerk), 'status', status?.['conditions'] as unknown as object[])
  })
})

describe('CertificateSubjectRestriction', () => {
  test('nobody asks for system:masters, however the group is written', async () => {
    const { api } = await testCluster()
    for (const organizationsAs of STRING_KINDS) {
      const { base64 } = testRequest({ organizations: ['dev', 'system:masters'], organizationsAs })
      const name = organizationsAs
      // What cannot be read as text is no group: the certificate will not have it either.
      const isText = organizationsAs === 'visible' || organizationsAs === 'general'
      if (isText) await api.create(REQUESTS, requestOf(name, { request: base64 }))
      else
        await assert.rejects(api.create(REQUESTS, requestOf(name, { request: base64 })), {
          reason: 'Forbidden',
          message: `certificatesigningrequests.certificates.k8s.io "${name}" is forbidden: use of ${CLIENT} signer with system:masters group is not allowed`,
        })
    }
    const { base64 } = testRequest({ organizations: ['system:masters'] })
    await api.create(
      REQUESTS,
      requestOf('elsewhere', { request: base64, signerName: 'example.com/signer' }),
    )
    await api.create(REQUESTS, requestOf('jane'))
  })
})

const FORGED = {
  username: 'admin',
  uid: 'admin-uid',
  groups: ['system:masters'],
  extra: { 'example.com/from': ['nowhere'] },
}
const OF_JANE = {
  username: jane.username,
  uid: jane.uid,
  groups: jane.groups,
  extra: jane.extra,
}

const requesterOf = ({ spec }: Json) => {
  const { username, uid, groups, extra } = spec ?? {}
  return { username, uid, groups, extra }
}

const FORGING = `[
  JSONPatch{op: 'add', path: '/spec/username', value: 'admin'},
  JSONPatch{op: 'add', path: '/spec/uid', value: 'admin-uid'},
  JSONPatch{op: 'add', path: '/spec/groups', value: ['system:masters']},
  JSONPatch{op: 'add', path: '/spec/extra', value: {'example.com/from': ['nowhere']}},
  JSONPatch{op: 'add', path: '/spec/expirationSeconds', value: 700},
]`

describe('who asks for a certificate', () => {
  const rule = {
    operations: ['CREATE', 'UPDATE'],
    apiGroups: ['certificates.k8s.io'],
    apiVersions: ['v1'],
    resources: ['certificatesigningrequests', 'certificatesigningrequests/approval'],
  }
  const asJane = async ({ api, as }: TestCluster) => {
    await grant(api, jane, [csr(['create', 'get', 'patch'], ['certificatesigningrequests'])])
    return as(jane)
  }

  test('is not what a mutating policy says, on creation or later', async () => {
    const cluster = await testCluster()
    const { api } = cluster
    await api.create(`${REGISTRATION}/mutatingadmissionpolicies`, {
      metadata: { name: 'p' },
      spec: {
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        matchConstraints: { resourceRules: [rule] },
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: FORGING } }],
      },
    })
    await api.create(`${REGISTRATION}/mutatingadmissionpolicybindings`, {
      metadata: { name: 'b' },
      spec: { policyName: 'p' },
    })
    await settle()
    const own = await asJane(cluster)
    const made = await own.create(REQUESTS, requestOf('a'))
    assert.equal(made['spec']?.['expirationSeconds'], 700, 'the policy was asked')
    assert.deepEqual(requesterOf(made), OF_JANE)
    const approved = await decide(api, 'approval', [APPROVED])
    assert.deepEqual(requesterOf(approved), OF_JANE)
    const labelled = await own.patch(`${REQUESTS}/a`, { metadata: { labels: { a: 'b' } } })
    assert.deepEqual(requesterOf(labelled), OF_JANE)
  })

  test('is not what a webhook says, which is shown who it is', async () => {
    const peers = fakeDial()
    const shown: Json[] = []
    const operations = [
      ...Object.entries(FORGED).map(([field, value]) => ({
        op: 'add',
        path: `/spec/${field}`,
        value,
      })),
      { op: 'add', path: '/spec/expirationSeconds', value: 700 },
    ]
    peers.listen(
      HOOK_PLACE,
      webhookPeer((review) => {
        shown.push(review['object']!)
        return {
          allowed: true,
          patchType: 'JSONPatch',
          patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
        }
      }),
    )
    const cluster = await testCluster({ dial: peers.dial })
    await cluster.api.create(`${REGISTRATION}/mutatingwebhookconfigurations`, {
      metadata: { name: 'm' },
      webhooks: [
        {
          name: 'hook.example.com',
          clientConfig: { url: HOOK_URL, caBundle: HOOK_CA_BUNDLE },
          rules: [rule],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    })
    const own = await asJane(cluster)
    const made = await own.create(REQUESTS, requestOf('a'))
    assert.equal(made['spec']?.['expirationSeconds'], 700, 'the webhook was asked')
    assert.deepEqual(requesterOf(made), OF_JANE)
    assert.deepEqual(shown.map(requesterOf), [OF_JANE])
    const approved = await decide(cluster.api, 'approval', [APPROVED])
    assert.deepEqual(requesterOf(approved), OF_JANE)
  })
})
