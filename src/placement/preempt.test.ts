import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Pod, PodSpec } from '#kinds/k8s/core.ts'
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { place } from './place.ts'
import { type Preemption, preempt } from './preempt.ts'
import { ClusterSnapshot } from './snapshot.ts'

const node = (name: string, cpu = '4'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  spec: {},
  status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
})

interface PodOptions {
  cpu?: string
  priority?: number
  node?: string
  startTime?: string
  labels?: Record<string, string>
  spec?: Partial<PodSpec>
}

const pod = (name: string, options: PodOptions = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: name, labels: options.labels ?? {} },
  spec: {
    containers: [{ name: 'c', resources: { requests: { cpu: options.cpu ?? '1' } } }],
    priority: options.priority ?? 0,
    ...(options.node ? { nodeName: options.node } : {}),
    ...options.spec,
  },
  status: { startTime: options.startTime ?? '2026-01-01T00:00:00Z' },
})

function cluster(nodes: Node[], pods: Pod[]): ClusterSnapshot {
  const snapshot = new ClusterSnapshot()
  for (const each of nodes) snapshot.setNode(each)
  for (const each of pods) snapshot.setPod(each)
  return snapshot
}

function tryPreempt(
  snapshot: ClusterSnapshot,
  each: Pod,
  budgets: PodDisruptionBudget[] = [],
): Preemption {
  const placement = place(snapshot, each)
  assert.equal(placement.type, 'none')
  if (placement.type !== 'none') throw new Error('it has a place')
  return preempt(snapshot, each, placement, { budgets })
}

/** The node and the victims, or why not. */
function outcome(preemption: Preemption): string {
  if (preemption.type === 'none') return preemption.message
  return `${preemption.node}: ${preemption.victims.map(({ metadata }) => metadata.name).join()}`
}

const high = (cpu = '1', spec: Partial<PodSpec> = {}) => pod('high', { cpu, priority: 10, spec })

test('preempt takes away as few pods as can be, the least important ones', () => {
  const snapshot = cluster(
    [node('a')],
    [
      pod('old', { node: 'a', priority: 1 }),
      pod('young', { node: 'a', priority: 1, startTime: '2026-01-02T00:00:00Z' }),
      pod('low', { node: 'a', priority: 0 }),
      pod('peer', { node: 'a', priority: 10 }),
    ],
  )
  assert.equal(outcome(tryPreempt(snapshot, high('1'))), 'a: low')
  assert.equal(outcome(tryPreempt(snapshot, high('2'))), 'a: young,low')
})

test('preempt leaves the snapshot as it was', () => {
  const snapshot = cluster([node('a')], [pod('low', { node: 'a', cpu: '4' })])
  const before = outcome(tryPreempt(snapshot, high()))
  assert.equal(outcome(tryPreempt(snapshot, high())), before)
  assert.equal(snapshot.node('a')!.stock('cpu').requested, 4_000)
})

test('preempt says in the words of kube-scheduler why it does not help', () => {
  const snapshot = cluster(
    [node('full'), node('small', '1'), node('peers')],
    [
      pod('1', { node: 'full', cpu: '3', priority: 10 }),
      pod('2', { node: 'full', cpu: '1' }),
      pod('3', { node: 'peers', cpu: '4', priority: 10 }),
    ],
  )
  assert.equal(
    outcome(tryPreempt(snapshot, high('2'))),
    '0/3 nodes are available: 1 Insufficient cpu, 1 No preemption victims found for incoming pod, ' +
      '1 Preemption is not helpful for scheduling.',
  )
})

test('preempt chooses the node whose victims are worth least', () => {
  const choices: [criterion: string, a: PodOptions[], b: PodOptions[]][] = [
    ['the lowest highest priority', [{ cpu: '4', priority: 5 }], [{ cpu: '4', priority: 4 }]],
    [
      'the lowest sum of priorities',
      [
        { cpu: '2', priority: 5 },
        { cpu: '2', priority: 5 },
      ],
      [
        { cpu: '2', priority: 5 },
        { cpu: '2', priority: 1 },
      ],
    ],
    [
      'the fewest pods',
      [
        { cpu: '2', priority: 0 },
        { cpu: '2', priority: 0 },
      ],
      [{ cpu: '4', priority: 0 }],
    ],
    [
      'what has run for the shortest time',
      [{ cpu: '4', startTime: '2026-01-01T00:00:00Z' }],
      [{ cpu: '4', startTime: '2026-02-01T00:00:00Z' }],
    ],
  ]
  for (const [criterion, a, b] of choices) {
    const pods = [
      ...a.map((each, i) => pod(`a${i}`, { ...each, node: 'a' })),
      ...b.map((each, i) => pod(`b${i}`, { ...each, node: 'b' })),
    ]
    const chosen = outcome(tryPreempt(cluster([node('a'), node('b')], pods), high('4')))
    assert.match(chosen, /^b: /, criterion)
  }
})

const budget = (disruptionsAllowed: number): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'web' } } },
  status: {
    disruptionsAllowed,
    currentHealthy: 2,
    desiredHealthy: 2,
    expectedPods: 2,
  },
})

test('preempt breaks a disruption budget only where there is no other way', () => {
  const web = { cpu: '4', labels: { app: 'web' } }
  const guarded = pod('guarded', { ...web, node: 'a' })
  const costly = pod('costly', { cpu: '4', priority: 9, node: 'b' })
  const both = cluster([node('a'), node('b')], [guarded, costly])
  assert.equal(outcome(tryPreempt(both, high('4'), [budget(0)])), 'b: costly')
  assert.equal(outcome(tryPreempt(both, high('4'), [budget(1)])), 'a: guarded')
  const one = cluster([node('a')], [guarded])
  assert.equal(outcome(tryPreempt(one, high('4'), [budget(0)])), 'a: guarded')
})

test('preempt gives pods back first that a budget protects', () => {
  const pods = [
    pod('guarded', { cpu: '2', node: 'a', labels: { app: 'web' } }),
    pod('free', { cpu: '2', node: 'a', priority: 5 }),
  ]
  assert.equal(outcome(tryPreempt(cluster([node('a')], pods), high('2'), [budget(0)])), 'a: free')
})

test('preempt does not help a pod that may not, and says so', () => {
  const snapshot = cluster([node('a')], [pod('low', { cpu: '4', node: 'a' })])
  assert.equal(
    outcome(tryPreempt(snapshot, high('1', { preemptionPolicy: 'Never' }))),
    'not eligible due to preemptionPolicy=Never.',
  )
})

test('preempt waits for victims that are still on their way out', () => {
  const leaving = pod('low', { cpu: '4', node: 'a' })
  leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  leaving.status!.conditions = [
    { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' },
  ]
  const snapshot = cluster([node('a')], [leaving])
  snapshot.nominate(high(), 'a')
  assert.equal(
    outcome(tryPreempt(snapshot, high())),
    'not eligible due to a terminating pod on the nominated node.',
  )
})

test('preempt makes room where anti-affinity of a lesser pod stands in the way', () => {
  const antiAffinity = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          topologyKey: 'kubernetes.io/hostname',
          labelSelector: { matchLabels: { app: 'web' } },
        },
      ],
    },
  }
  const snapshot = cluster(
    [node('a')],
    [pod('picky', { node: 'a', spec: { affinity: antiAffinity } }), pod('calm', { node: 'a' })],
  )
  const web = pod('web', { priority: 10, labels: { app: 'web' } })
  assert.equal(outcome(tryPreempt(snapshot, web)), 'a: picky')
})

test('preempt makes room for a topology spread', () => {
  const spec: Partial<PodSpec> = {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'web' } },
      },
    ],
  }
  const labels = { app: 'web' }
  const cordoned = node('b')
  cordoned.spec = { unschedulable: true }
  const snapshot = cluster([node('a'), cordoned], [pod('first', { node: 'a', labels })])
  const web = pod('web', { priority: 10, labels, spec })
  assert.equal(outcome(tryPreempt(snapshot, web)), 'a: first')
})

test('place keeps room for those it was made for, and gives it to them first', () => {
  const snapshot = cluster([node('a', '1'), node('b', '1')], [pod('x', { node: 'b' })])
  snapshot.nominate(high(), 'a')
  const low = pod('low', { priority: 5 })
  assert.equal(place(snapshot, low).type, 'none')
  assert.equal(place(snapshot, pod('higher', { priority: 11 })).type, 'node')
  const own = place(snapshot, high(), { nominated: 'a' })
  assert.deepEqual(own, { type: 'node', node: 'a', examined: 0 })
  snapshot.dropNomination('default/high')
  assert.equal(place(snapshot, low).type, 'node')
})

test('preempt names those for whom the node was kept until now', () => {
  const snapshot = cluster([node('a', '1')], [pod('lowest', { node: 'a' })])
  snapshot.nominate(pod('middle', { priority: 5 }), 'a')
  const preemption = tryPreempt(snapshot, high())
  assert.equal(preemption.type, 'room')
  if (preemption.type !== 'room') return
  assert.deepEqual(
    preemption.displaced.map(({ metadata }) => metadata.name),
    ['middle'],
  )
})
