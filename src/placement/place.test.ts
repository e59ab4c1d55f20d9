import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Pod, PodSpec, TopologySpreadConstraint } from '#kinds/k8s/core.ts'
import { place } from './place.ts'
import { ClusterSnapshot } from './snapshot.ts'

const ZONE = 'topology.kubernetes.io/zone'

function node(name: string, zone: string, changes: Partial<Node> = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { [ZONE]: zone, 'kubernetes.io/hostname': name } },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
    ...changes,
  }
}

function pod(name: string, spec: Partial<PodSpec> = {}, owner = 'web'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      labels: { app: owner },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true },
      ],
    },
    spec: { containers: [{ name: 'c', image: 'example/app' }], ...spec },
  }
}

const asking = (cpu: string, memory = '0'): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'example/app', resources: { requests: { cpu, memory } } }],
})

function snapshotOf(nodes: Node[], pods: Pod[] = []): ClusterSnapshot {
  const snapshot = new ClusterSnapshot()
  for (const each of nodes) snapshot.setNode(each)
  for (const each of pods) snapshot.setPod(each)
  return snapshot
}

const on = (nodeName: string, each: Pod): Pod => ({ ...each, spec: { ...each.spec!, nodeName } })

/** Places and binds one after the other, as the scheduler does. */
function placeAll(snapshot: ClusterSnapshot, pods: Pod[]): string[] {
  return pods.map((each) => {
    const placement = place(snapshot, each)
    if (placement.type === 'none') return placement.message
    snapshot.setPod(on(placement.node, each))
    return placement.node
  })
}

function whyNot(snapshot: ClusterSnapshot, each: Pod): string {
  const placement = place(snapshot, each)
  assert.equal(placement.type, 'none')
  return placement.type === 'none' ? placement.message : ''
}

test('place explains every refusal in the words of kube-scheduler', () => {
  const snapshot = snapshotOf([
    node('a', 'z1', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } }),
    node('b', 'z1', { spec: { unschedulable: true } }),
    node('c', 'z2'),
    node('d', 'z2'),
  ])
  snapshot.setPod(on('c', pod('big', asking('3'))))
  snapshot.setPod(on('d', pod('big-2', asking('3'))))
  assert.equal(
    whyNot(snapshot, pod('x', asking('2'))),
    '0/4 nodes are available: 1 node(s) had untolerated taint(s), ' +
      '1 node(s) were unschedulable, 2 Insufficient cpu.',
  )
})

test('place says so when there are no nodes at all', () => {
  assert.equal(whyNot(snapshotOf([]), pod('x')), 'no nodes available to schedule pods')
})

const spreadOver = (topologyKey: string): TopologySpreadConstraint => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: { app: 'web' } },
})

test('place spreads pods that wish so over zones first, then over machines', () => {
  const snapshot = snapshotOf([node('a1', 'a'), node('a2', 'a'), node('b1', 'b')])
  const topologySpreadConstraints = [spreadOver(ZONE), spreadOver('kubernetes.io/hostname')]
  const nodes = placeAll(
    snapshot,
    ['1', '2', '3', '4'].map((name) => pod(name, { topologySpreadConstraints })),
  )
  const count = (name: string) => nodes.filter((n) => n === name).length
  assert.deepEqual([count('a1'), count('a2'), count('b1')], [1, 1, 2])
})

test('place spreads the pods of one replica set over machines and zones without being asked', () => {
  const snapshot = snapshotOf([node('a1', 'a'), node('a2', 'a'), node('b1', 'b')])
  const nodes = placeAll(
    snapshot,
    ['1', '2', '3', '4', '5', '6'].map((name) => pod(name)),
  )
  const count = (name: string) => nodes.filter((n) => n === name).length
  assert.deepEqual([count('a1'), count('a2'), count('b1')], [2, 2, 2])
})

test('place spreads each replica set by itself, even on machines with unequal load', () => {
  const load = ['1', '2'].map((name) => on('a', pod(name, asking('1'), 'other')))
  const snapshot = snapshotOf([node('a', 'z1'), node('b', 'z2')], load)
  const nodes = placeAll(snapshot, [pod('x'), pod('y')])
  assert.deepEqual(nodes.toSorted(), ['a', 'b'])
})

test('place does not count pods that are being deleted when it spreads', () => {
  const ending = on('a', pod('old'))
  ending.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  const snapshot = snapshotOf([node('a', 'z1'), node('b', 'z2')], [ending, on('b', pod('x'))])
  assert.deepEqual(placeAll(snapshot, [pod('y')]), ['a'])
})

test('place prefers the emptier of two machines for the first pod of a group', () => {
  const snapshot = snapshotOf(
    [node('a', 'z1'), node('b', 'z1')],
    [on('a', pod('1', asking('2', '4Gi'), 'other'))],
  )
  assert.deepEqual(placeAll(snapshot, [pod('x')]), ['b'])
})

test('place gives the same answer for the same snapshot, whatever order it was built in', () => {
  const nodes = ['c', 'a', 'b'].map((name) => node(name, 'z'))
  const [first] = placeAll(snapshotOf(nodes), [pod('x')])
  const [second] = placeAll(snapshotOf(nodes.toReversed()), [pod('x')])
  assert.deepEqual([first, second], ['a', 'a'])
})

test('place never puts more on a node than it has of any resource', () => {
  const snapshot = snapshotOf([node('a', 'z1'), node('b', 'z2')])
  const nodes = placeAll(
    snapshot,
    Array.from({ length: 10 }, (_, i) => pod(`p${i}`, asking('1500m'))),
  )
  assert.deepEqual(
    ['a', 'b'].map((name) => nodes.filter((n) => n === name).length),
    [2, 2],
  )
  assert.match(nodes.at(-1)!, /^0\/2 nodes are available: 2 Insufficient cpu\./)
})

test('place counts the pods a node may have', () => {
  const allocatable = { cpu: '4', memory: '8Gi', pods: '1' }
  const snapshot = snapshotOf([node('a', 'z', { status: { allocatable } })], [on('a', pod('1'))])
  assert.match(whyNot(snapshot, pod('x')), /1 Too many pods/)
})

test('place keeps pods with the same host port apart', () => {
  const web = (name: string) =>
    pod(name, { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] })
  const snapshot = snapshotOf([node('a', 'z1'), node('b', 'z2')])
  const nodes = placeAll(snapshot, [web('1'), web('2'), web('3')])
  assert.deepEqual(nodes.slice(0, 2).toSorted(), ['a', 'b'])
  assert.match(nodes[2]!, /2 node\(s\) didn't have free ports for the requested pod ports/)
})

test('place honours nodeSelector, required and preferred node affinity', () => {
  const snapshot = snapshotOf([node('a', 'z1'), node('b', 'z2')])
  const inZone = (zone: string) => ({ key: ZONE, operator: 'In' as const, values: [zone] })
  const preferred = pod('p', {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchExpressions: [inZone('z2')] } },
        ],
      },
    },
  })
  const required = pod('r', {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [inZone('z3')] }],
        },
      },
    },
  })
  assert.deepEqual(placeAll(snapshot, [pod('s', { nodeSelector: { [ZONE]: 'z2' } })]), ['b'])
  assert.deepEqual(placeAll(snapshot, [preferred]), ['b'])
  assert.match(whyNot(snapshot, required), /2 node\(s\) didn't match Pod's node affinity\/selector/)
})

test('place lets a pod that tolerates a taint, and a cordon, onto the node', () => {
  const tainted = node('a', 'z', {
    spec: { unschedulable: true, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] },
  })
  const tolerant = pod('x', { tolerations: [{ operator: 'Exists' }] })
  assert.deepEqual(placeAll(snapshotOf([tainted]), [tolerant]), ['a'])
})

test('place keeps to a topology spread constraint that must hold', () => {
  const even = (name: string) =>
    pod(name, {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: ZONE,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'web' } },
        },
      ],
    })
  const full = node('b', 'z2', { status: { allocatable: { cpu: '4', memory: '8Gi', pods: '1' } } })
  const snapshot = snapshotOf([node('a', 'z1'), full])
  const nodes = placeAll(snapshot, [even('1'), even('2'), even('3'), even('4')])
  assert.deepEqual(nodes.slice(0, 3).toSorted(), ['a', 'a', 'b'])
  assert.match(
    nodes[3]!,
    /1 Too many pods, 1 node\(s\) didn't match pod topology spread constraints/,
  )
})

test('place compares only enough nodes of a large cluster', () => {
  const nodes = Array.from({ length: 2000 }, (_, i) => node(`n${i}`, `z${i % 3}`))
  const placement = place(snapshotOf(nodes), pod('x'), { startIndex: 1990 })
  assert.equal(placement.type, 'node')
  assert.equal(placement.examined, 680)
})
