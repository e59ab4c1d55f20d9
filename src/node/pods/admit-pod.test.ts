import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Container, Node, Pod, PodSpec } from '#kinds/k8s/core.ts'
import { refusalOf } from './admit-pod.ts'
import { testContainer, testPod } from './test-view.ts'

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'm1' },
  spec: {
    taints: [
      { key: 'gone', effect: 'NoExecute' },
      { key: 'full', effect: 'NoSchedule' },
    ],
  },
  status: { allocatable: { cpu: '1900m', memory: '1Gi', pods: '3' } },
}

const tolerations: PodSpec['tolerations'] = [{ key: 'gone', operator: 'Exists' }]
const one = (container: Partial<Container>, spec: Partial<PodSpec> = {}): Pod =>
  testPod({ tolerations, containers: [testContainer('main', container)], ...spec })
const asks = (cpu: string, memory: string) => one({ resources: { requests: { cpu, memory } } })
const onPort = (hostPort: number) => one({ ports: [{ containerPort: 80, hostPort }] })

const sysctlCases: [string, Pod, Pod[], string?][] = [
  ['kernel.shm_rmid_forced'],
  ['kernel/shm_rmid_forced'],
  ['net.ipv4.tcp_rmem'],
  ['kernel.msgmax', 'SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted'],
  ['constructor', 'SysctlForbidden: forbidden sysctl: "constructor" not allowlisted'],
].map(([name = '', refusal]): [string, Pod, Pod[], string?] => {
  const pod = one({}, { securityContext: { sysctls: [{ name, value: '1' }] } })
  return refusal === undefined ? [`sets ${name}`, pod, []] : [`sets ${name}`, pod, [], refusal]
})
sysctlCases.push([
  "sets the machine's own network",
  one(
    {},
    {
      hostNetwork: true,
      securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] },
    },
  ),
  [],
  'SysctlForbidden: forbidden sysctl: "net.ipv4.tcp_rmem" not allowed with host net enabled',
])

const cases: [string, Pod, Pod[], string?][] = [
  ['fits', asks('900m', '512Mi'), [asks('1', '512Mi')]],
  [
    'wants too much CPU',
    asks('1', '1Mi'),
    [asks('1', '1Mi')],
    "OutOfcpu: Node didn't have enough resource: cpu, requested: 1000, used: 1000, capacity: 1900",
  ],
  [
    'wants too much memory',
    asks('1m', '2Gi'),
    [],
    "OutOfmemory: Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824",
  ],
  [
    'is one too many',
    one({}),
    [one({}), one({}), one({})],
    "OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
  ],
  [
    'wants a port that is taken',
    onPort(8080),
    [onPort(8080)],
    "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  ],
  ['wants another port', onPort(8081), [onPort(8080)]],
  [
    'wants other nodes',
    one({}, { nodeSelector: { disk: 'fast' } }),
    [],
    "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  ],
  [
    'does not bear a taint',
    one({}, { tolerations: [] }),
    [],
    "TaintToleration: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
  ],
  ...sysctlCases,
  [
    'wants only the groups that it names',
    one({}, { securityContext: { supplementalGroupsPolicy: 'Strict' } }),
    [],
    'SupplementalGroupsPolicyNotSupported: SupplementalGroupsPolicy=Strict is not supported in this node',
  ],
  [
    'is for another system',
    one({}, { os: { name: 'windows' } }),
    [],
    "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS",
  ],
]

test('a machine that has not yet said what it has refuses nothing', () => {
  const { status: _, ...fresh } = node
  assert.equal(refusalOf({ pod: asks('50', '1Gi'), node: fresh, others: [] }), undefined)
})

describe('a machine', () => {
  for (const [what, pod, others, expected] of cases)
    test(`${expected === undefined ? 'takes' : 'refuses'} a pod that ${what}`, () => {
      const refusal = refusalOf({ pod, node, others })
      assert.equal(refusal && `${refusal.reason}: ${refusal.message}`, expected)
    })
})
