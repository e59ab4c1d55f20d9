import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditPolicy, AuditPolicyRule } from '#kinds/k8s/audit.ts'
import type { ApiRequest } from '#base/api-call.ts'
import { readRequest } from '../request-info.ts'
import { defaultPolicy } from './default-policy.ts'
import { checkPolicy } from './check-policy.ts'
import { matchPolicy } from './match-policy.ts'
import { AuditPolicyError, readPolicy } from './read-policy.ts'

const infoOf = (method: ApiRequest['method'], url: string) => {
  const [path = '', query = ''] = url.split('?')
  return readRequest({ method, path, query: new URLSearchParams(query) })
}

const user = (username: string, ...groups: string[]) => ({ username, groups })
const ANN = user('ann', 'dev', 'system:authenticated')

function levelOf(policy: AuditPolicy, line: string, who = ANN): string {
  const [method, url] = line.split(' ') as [ApiRequest['method'], string]
  return matchPolicy(policy, { user: who, info: infoOf(method, url) }).level
}

/** Which of the requests a rule speaks about. */
function matched(rule: Omit<AuditPolicyRule, 'level'>, lines: readonly string[], who = ANN) {
  const policy: AuditPolicy = { rules: [{ ...rule, level: 'Metadata' }] }
  return lines.filter((line) => levelOf(policy, line, who) === 'Metadata')
}

const POD = '/api/v1/namespaces/a/pods/x'

describe('matchPolicy', () => {
  it('takes the first rule that matches, and None without one', () => {
    const policy: AuditPolicy = {
      rules: [
        { level: 'Request', verbs: ['get'] },
        { level: 'RequestResponse', users: ['ann'], verbs: ['get', 'delete'] },
      ],
    }
    assert.equal(levelOf(policy, `GET ${POD}`), 'Request')
    assert.equal(levelOf(policy, `DELETE ${POD}`), 'RequestResponse')
    assert.equal(levelOf(policy, `PUT ${POD}`), 'None')
  })

  it('asks for users, groups and verbs, an empty list for nothing', () => {
    const lines = [`GET ${POD}`, `DELETE ${POD}`]
    assert.deepEqual(matched({ users: [], userGroups: [], verbs: [] }, lines), lines)
    assert.deepEqual(matched({ users: ['bob'] }, lines), [])
    assert.deepEqual(matched({ users: ['bob', 'ann'], verbs: ['delete'] }, lines), [lines[1]])
    assert.deepEqual(matched({ userGroups: ['ops'] }, lines), [])
    assert.deepEqual(matched({ userGroups: ['ops', 'dev'] }, lines), lines)
  })

  it('matches nobody by name who did not authenticate', () => {
    const rules: AuditPolicyRule[] = [
      { level: 'Request', users: [''] },
      { level: 'Request', userGroups: ['dev'] },
      { level: 'Metadata' },
    ]
    const info = infoOf('GET', POD)
    assert.equal(matchPolicy({ rules }, { user: undefined, info }).level, 'Metadata')
  })

  it('tells resources, subresources and names apart', () => {
    const lines = [
      `GET ${POD}`,
      `GET ${POD}/log`,
      `PUT ${POD}/status`,
      'GET /apis/apps/v1/namespaces/a/deployments/x/status',
      'GET /api/v1/namespaces/a/services/y',
    ]
    const of = (...resources: string[]) => matched({ resources: [{ resources }] }, lines)
    assert.deepEqual(of('pods'), [lines[0]])
    assert.deepEqual(of('pods/log'), [lines[1]])
    assert.deepEqual(of('pods/*'), lines.slice(0, 3))
    assert.deepEqual(of('*/status'), [lines[2]])
    assert.deepEqual(of('*'), [lines[0], lines[1], lines[2], lines[4]])
    assert.deepEqual(matched({ resources: [{}] }, lines), of('*'))
    assert.deepEqual(matched({ resources: [{ group: 'apps' }] }, lines), [lines[3]])
    const named = { resources: ['pods', 'services'], resourceNames: ['y'] }
    assert.deepEqual(matched({ resources: [named] }, lines), [lines[4]])
  })

  it('has the empty namespace for what is in none, and no path in any', () => {
    const lines = [`GET ${POD}`, 'GET /api/v1/nodes', 'GET /api/v1/namespaces/a', 'GET /version']
    assert.deepEqual(matched({ namespaces: ['a'] }, lines), [lines[0], lines[2]])
    assert.deepEqual(matched({ namespaces: [''] }, lines), [lines[1]])
  })

  it('matches paths, with a star at their end', () => {
    const lines = ['GET /healthz', 'GET /healthz/ping', 'GET /metrics', 'GET /api/v1/nodes']
    const of = (...nonResourceURLs: string[]) => matched({ nonResourceURLs }, lines)
    assert.deepEqual(of('/healthz'), [lines[0]])
    assert.deepEqual(of('/healthz*'), lines.slice(0, 2))
    assert.deepEqual(of('/healthz/*', '/metrics'), [lines[1], lines[2]])
    assert.deepEqual(of('*'), lines.slice(0, 3))
  })

  it('adds the stages that rule and policy leave out; managed fields are the rule’s to say first', () => {
    const verdict = matchPolicy(
      {
        omitStages: ['RequestReceived'],
        omitManagedFields: true,
        rules: [{ level: 'Request', omitStages: ['Panic'], omitManagedFields: false }],
      },
      { user: ANN, info: infoOf('GET', POD) },
    )
    assert.deepEqual(verdict.omitStages, ['RequestReceived', 'Panic'])
    assert.equal(verdict.omitManagedFields, false)
  })
})

describe('defaultPolicy', () => {
  it('is a policy without faults', () => assert.deepEqual(checkPolicy(defaultPolicy), []))

  it('logs what changes something, and never with bodies', () => {
    const writes = [
      `PUT ${POD}`,
      `POST ${POD}/exec`,
      `GET ${POD}/exec`,
      'POST /api/v1/namespaces/a/secrets',
      'POST /apis/authentication.k8s.io/v1/tokenreviews',
      'POST /api/v1/namespaces/a/serviceaccounts/x/token',
      'DELETE /api/v1/namespaces/a/configmaps',
    ]
    const admin = user('ccs-admin', 'system:masters')
    const nodes = user('system:node:n', 'system:nodes')
    for (const who of [ANN, admin, nodes, user('system:anonymous')])
      for (const line of writes)
        assert.equal(levelOf(defaultPolicy, line, who), 'Metadata', `${who.username}: ${line}`)
  })

  it('leaves the noise out', () => {
    const noise = [
      'GET /healthz',
      'GET /livez/ping',
      'GET /readyz',
      'GET /version',
      'GET /apis/apps/v1',
      'GET /openapi/v3/apis/apps/v1',
      'POST /api/v1/namespaces/a/events',
      'PATCH /apis/events.k8s.io/v1/namespaces/a/events/x',
      'PUT /apis/coordination.k8s.io/v1/namespaces/a/leases/x',
    ]
    for (const line of noise) assert.equal(levelOf(defaultPolicy, line), 'None', line)
  })

  it('logs reads of those who may not read everything, and of others only those of Secrets', () => {
    const nodes = user('system:node:n', 'system:nodes')
    const admin = user('ccs-admin', 'system:masters')
    const dns = user('system:serviceaccount:kube-system:dns', 'system:serviceaccounts:kube-system')
    for (const who of [nodes, admin, dns, user('system:kube-scheduler')]) {
      assert.equal(levelOf(defaultPolicy, 'GET /api/v1/pods?watch=true', who), 'None')
      assert.equal(levelOf(defaultPolicy, 'GET /api/v1/namespaces/a/secrets/x', who), 'Metadata')
    }
    assert.equal(levelOf(defaultPolicy, 'GET /api/v1/pods?watch=true'), 'Metadata')
  })
})

const POLICY = (rules: string, more = '') =>
  `apiVersion: audit.k8s.io/v1\nkind: Policy\n${more}rules:\n${rules}`

function refusal(text: string): string {
  let message: string | undefined
  assert.throws(
    () => readPolicy(text),
    (error: unknown) => {
      message = (error as Error).message
      return error instanceof AuditPolicyError
    },
  )
  return message ?? ''
}

describe('readPolicy', () => {
  it('reads what Kubernetes documents', () => {
    const policy = readPolicy(
      POLICY(
        `  - level: RequestResponse
    resources:
    - group: ""
      resources: ["pods", "pods/log"]
    users:
  - level: None
    nonResourceURLs: ["/api*"]
    omitManagedFields: true
`,
        'omitStages: ["RequestReceived"]\nmetadata: {name: mine}\n',
      ),
    )
    assert.deepEqual(policy, {
      omitStages: ['RequestReceived'],
      rules: [
        { level: 'RequestResponse', resources: [{ group: '', resources: ['pods', 'pods/log'] }] },
        { level: 'None', nonResourceURLs: ['/api*'], omitManagedFields: true },
      ],
    })
  })

  it('says with paths what is wrong, in the words of Kubernetes', () => {
    const wrong = POLICY(
      `  - level: Everything
    omitStages: ["Sometime"]
  - resources: [{group: "apps/v1"}]
  - level: None
    nonResourceURLs: ["healthz", "/a*b", "*"]
    namespaces: ["x"]
  - level: None
    resources: [{resourceNames: ["x"]}]
`,
      'omitStages: ["Never"]\n',
    )
    const STAGES = 'allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic'
    for (const text of [
      `omitStages[0]: Invalid value: "Never": ${STAGES}`,
      'rules[0].level: Unsupported value: "Everything": supported values: "None", "Metadata", "Request", "RequestResponse"',
      `rules[0].omitStages[0]: Invalid value: "Sometime": ${STAGES}`,
      'rules[1].level: Required value',
      'rules[1].resources.group: Invalid value: "apps/v1": a lowercase RFC 1123 subdomain',
      `rules[2].nonResourceURLs[0]: Invalid value: "healthz": non-resource URL rules must begin with a '/' character`,
      `rules[2].nonResourceURLs[1]: Invalid value: "/a*b": non-resource URL wildcards '*' must be the final character of the rule`,
      'rules[2].nonResourceURLs: Invalid value: ["healthz","/a*b","*"]: rules cannot apply to both regular resources and non-resource URLs',
      'rules[3].resources.resourceNames: Invalid value: ["x"]: using resourceNames requires at least one resource',
    ])
      assert.ok(refusal(wrong).includes(text), `${text}\nis not in\n${refusal(wrong)}`)
  })

  it('refuses what it does not know, rather than to read it as something wider', () => {
    assert.match(refusal('rules: []'), /expected kind Policy of audit\.k8s\.io\/v1, not nothing/)
    assert.equal(refusal(POLICY('  []')), 'loaded illegal policy with 0 rules')
    assert.match(refusal('[unclosed'), /it is no YAML/)
    assert.equal(refusal('- a'), 'the policy is no object')
    assert.equal(
      refusal(POLICY('  - {level: None, usres: [x], verbs: get, users: [~]}')),
      'unknown field "rules[0].usres", rules[0].verbs is no list of strings, rules[0].users is no list of strings',
    )
    assert.equal(
      refusal(POLICY('  - {level: None, omitManagedFields: "no", resources: [x]}')),
      'rules[0].omitManagedFields is neither true nor false, rules[0].resources[0] is no object',
    )
  })
})
