// The priority levels and flow schemas every cluster starts with, as Kubernetes has them
// (API Priority and Fairness: mandatory and suggested configuration).
import type { KubeObject } from '#kinds/object.ts'

interface Level {
  shares: number
  lendable: number
  queues?: { queues: number; handSize: number }
}

const MANY = { queues: 64, handSize: 6 }
const WIDE = { queues: 128, handSize: 6 }
const QUEUE_LENGTH = 50

const LEVELS: Readonly<Record<string, Level>> = {
  system: { shares: 30, lendable: 33, queues: MANY },
  'node-high': { shares: 40, lendable: 25, queues: MANY },
  'leader-election': { shares: 10, lendable: 0, queues: { queues: 16, handSize: 4 } },
  'workload-high': { shares: 40, lendable: 50, queues: WIDE },
  'workload-low': { shares: 100, lendable: 90, queues: WIDE },
  'global-default': { shares: 20, lendable: 50, queues: WIDE },
  'catch-all': { shares: 5, lendable: 0 },
}

const group = (name: string) => ({ kind: 'Group', group: { name } })
const user = (name: string) => ({ kind: 'User', user: { name } })
const account = (name: string, namespace = 'kube-system') => ({
  kind: 'ServiceAccount',
  serviceAccount: { name, namespace },
})
const resources = (verbs: string[], apiGroups: string[], names: string[], namespaces = ['*']) => ({
  verbs,
  apiGroups,
  resources: names,
  clusterScope: namespaces.includes('*'),
  namespaces,
})
const EVERYTHING = {
  resourceRules: [resources(['*'], ['*'], ['*'])],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}
const LEASES = ['get', 'create', 'update']
const ELECTIONS = {
  resourceRules: [{ ...resources(LEASES, ['coordination.k8s.io'], ['leases'], ['kube-system']) }],
}
const CONTROLLER_MANAGER = user('system:kube-controller-manager')
const SCHEDULER = user('system:kube-scheduler')

interface Schema {
  level: string
  precedence: number
  by?: 'ByUser' | 'ByNamespace'
  rules: object[]
}

const SCHEMAS: Readonly<Record<string, Schema>> = {
  exempt: {
    level: 'exempt',
    precedence: 1,
    rules: [{ subjects: [group('system:masters')], ...EVERYTHING }],
  },
  probes: {
    level: 'exempt',
    precedence: 2,
    rules: [
      {
        subjects: [group('system:unauthenticated'), group('system:authenticated')],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
      },
    ],
  },
  'system-leader-election': {
    level: 'leader-election',
    precedence: 100,
    by: 'ByUser',
    rules: [{ subjects: [CONTROLLER_MANAGER, SCHEDULER, account('*')], ...ELECTIONS }],
  },
  'endpoint-controller': {
    level: 'workload-high',
    precedence: 150,
    by: 'ByUser',
    rules: [
      {
        subjects: [
          CONTROLLER_MANAGER,
          account('endpoint-controller'),
          account('endpointslicemirroring-controller'),
        ],
        resourceRules: [
          { ...resources(['get', 'create', 'update'], [''], ['endpoints']), clusterScope: false },
        ],
      },
    ],
  },
  'workload-leader-election': {
    level: 'leader-election',
    precedence: 200,
    by: 'ByUser',
    rules: [
      {
        subjects: [account('*')],
        resourceRules: [
          { ...resources(LEASES, [''], ['endpoints', 'configmaps']), clusterScope: false },
          { ...resources(LEASES, ['coordination.k8s.io'], ['leases']), clusterScope: false },
        ],
      },
    ],
  },
  'system-node-high': {
    level: 'node-high',
    precedence: 400,
    by: 'ByUser',
    rules: [
      {
        subjects: [group('system:nodes')],
        resourceRules: [
          resources(['*'], [''], ['nodes', 'nodes/status']),
          { ...resources(['*'], ['coordination.k8s.io'], ['leases']), clusterScope: false },
        ],
      },
    ],
  },
  'system-nodes': {
    level: 'system',
    precedence: 500,
    by: 'ByUser',
    rules: [{ subjects: [group('system:nodes')], ...EVERYTHING }],
  },
  'kube-controller-manager': {
    level: 'workload-high',
    precedence: 800,
    by: 'ByNamespace',
    rules: [{ subjects: [CONTROLLER_MANAGER], ...EVERYTHING }],
  },
  'kube-scheduler': {
    level: 'workload-high',
    precedence: 800,
    by: 'ByNamespace',
    rules: [{ subjects: [SCHEDULER], ...EVERYTHING }],
  },
  'kube-system-service-accounts': {
    level: 'workload-high',
    precedence: 900,
    by: 'ByNamespace',
    rules: [{ subjects: [account('*')], ...EVERYTHING }],
  },
  'service-accounts': {
    level: 'workload-low',
    precedence: 9_000,
    by: 'ByUser',
    rules: [{ subjects: [group('system:serviceaccounts')], ...EVERYTHING }],
  },
  'global-default': {
    level: 'global-default',
    precedence: 9_900,
    by: 'ByUser',
    rules: [
      { subjects: [group('system:unauthenticated'), group('system:authenticated')], ...EVERYTHING },
    ],
  },
  'catch-all': {
    level: 'catch-all',
    precedence: 10_000,
    by: 'ByUser',
    rules: [
      { subjects: [group('system:unauthenticated'), group('system:authenticated')], ...EVERYTHING },
    ],
  },
}

/** Says that an object's spec follows the server's. */
export const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec'
const annotations = { [AUTO_UPDATE]: 'true' }
const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'

function levelObject([name, { shares, lendable, queues }]: [string, Level]) {
  const queuing = queues === undefined ? undefined : { ...queues, queueLengthLimit: QUEUE_LENGTH }
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: shares,
        lendablePercent: lendable,
        limitResponse: queuing === undefined ? { type: 'Reject' } : { type: 'Queue', queuing },
      },
    },
  }
}

const exempt = {
  apiVersion,
  kind: 'PriorityLevelConfiguration',
  metadata: { name: 'exempt', annotations },
  spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
}

const schemaObject = ([name, { level, precedence, by, rules }]: [string, Schema]) => ({
  apiVersion,
  kind: 'FlowSchema',
  metadata: { name, annotations },
  spec: {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence: precedence,
    ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
    rules,
  },
})

export const fairnessObjects: readonly KubeObject[] = [
  exempt,
  ...Object.entries(LEVELS).map(levelObject),
  ...Object.entries(SCHEMAS).map(schemaObject),
]
