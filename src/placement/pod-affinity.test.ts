import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Affinity, Namespace, Node, Pod, PodAffinityTerm } from '#kinds/k8s/core.ts'
import { place } from './place.ts'
import { ClusterSnapshot } from './snapshot.ts'

const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'

const node = (name: string, zone: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { [ZONE]: zone, [HOST]: name } },
  spec: {},
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
})

interface PodOptions {
  app?: string
  namespace?: string
  affinity?: Affinity
  node?: string
}

const pod = (name: string, options: PodOptions = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: options.namespace ?? 'default',
    labels: { app: options.app ?? 'web' },
  },
  spec: {
    containers: [{ name: 'c', image: 'example/app' }],
    ...(options.affinity ? { affinity: options.affinity } : {}),
    ...(options.node ? { nodeName: options.node } : {}),
  },
})

const term = (app: string, changes: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  topologyKey: ZONE,
  labelSelector: { matchLabels: { app } },
  ...changes,
})

const near = (...terms: PodAffinityTerm[]): Affinity => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
})
const apart = (...terms: PodAffinityTerm[]): Affinity => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
})

function cluster(pods: Pod[] = [], namespaces: Record<string, Record<string, string>> = {}) {
  const snapshot = new ClusterSnapshot()
  for (const each of [node('a1', 'a'), node('a2', 'a'), node('b1', 'b')]) snapshot.setNode(each)
  for (const [name, labels] of Object.entries(namespaces)) snapshot.setNamespace(ns(name, labels))
  for (const each of pods) snapshot.setPod(each)
  return snapshot
}

const ns = (name: string, labels: Record<string, string>): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
  spec: {},
})

/** The node the pod would get, or why none. */
function outcome(snapshot: ClusterSnapshot, each: Pod): string {
  const placement = place(snapshot, each)
  return placement.type === 'node' ? placement.node : placement.message
}

const NONE_NEAR = "0/3 nodes are available: 3 node(s) didn't match pod affinity rules."

test('required affinity brings a pod into the domain of those it asks for', () => {
  const snapshot = cluster([pod('db', { app: 'db', node: 'b1' })])
  assert.equal(outcome(snapshot, pod('x', { affinity: near(term('db')) })), 'b1')
  assert.equal(outcome(snapshot, pod('x', { affinity: near(term('cache')) })), NONE_NEAR)
})

test('required affinity takes only pods that all of its terms speak of', () => {
  const tier = { labelSelector: { matchLabels: { tier: '1' } } }
  const snapshot = cluster([pod('db', { app: 'db', node: 'b1' })])
  const asking = pod('x', { affinity: near(term('db'), term('db', tier)) })
  assert.equal(outcome(snapshot, asking), NONE_NEAR)
})

test('the first pod of a group that wants to be together may go anywhere, the next may not', () => {
  const snapshot = cluster()
  const together = near(term('web'))
  assert.equal(outcome(snapshot, pod('1', { affinity: together })), 'a1')
  snapshot.setPod(pod('1', { affinity: together, node: 'b1' }))
  assert.equal(outcome(snapshot, pod('2', { affinity: together })), 'b1')
  const rack = near(term('web', { topologyKey: 'rack' }))
  assert.equal(outcome(cluster(), pod('3', { affinity: rack })), NONE_NEAR)
})

test('a pod that its own terms do not speak of is nobody to be near to', () => {
  assert.equal(outcome(cluster(), pod('x', { app: 'api', affinity: near(term('web')) })), NONE_NEAR)
})

test('required anti-affinity keeps a pod away from others, on every node of their domain', () => {
  const snapshot = cluster([pod('db', { app: 'db', node: 'a1' })])
  assert.equal(outcome(snapshot, pod('x', { affinity: apart(term('db')) })), 'b1')
  snapshot.setPod(pod('db-2', { app: 'db', node: 'b1' }))
  assert.equal(
    outcome(snapshot, pod('x', { affinity: apart(term('db')) })),
    "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
  )
})

test('anti-affinity of pods that are there holds for those that come', () => {
  const alone = apart(term('web'))
  const snapshot = cluster([pod('picky', { app: 'db', affinity: alone, node: 'a1' })])
  assert.equal(outcome(snapshot, pod('x')), 'b1')
  snapshot.setPod(pod('picky-2', { app: 'db', affinity: alone, node: 'b1' }))
  assert.equal(
    outcome(snapshot, pod('x')),
    "0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.",
  )
  snapshot.removePod('default/picky')
  assert.match(outcome(snapshot, pod('x')), /^a/)
})

test('affinity and anti-affinity still count pods that are on their way out', () => {
  const ending = pod('db', { app: 'db', node: 'a1' })
  ending.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  assert.equal(outcome(cluster([ending]), pod('x', { affinity: apart(term('db')) })), 'b1')
})

const other = pod('db', { app: 'db', namespace: 'other', node: 'b1' })
const namespaceCases: [criterion: string, changes: Partial<PodAffinityTerm>, expected: string][] = [
  ['its own namespace when none is named', {}, NONE_NEAR],
  ['the namespaces that are named', { namespaces: ['other'] }, 'b1'],
  ['namespaces chosen by labels', { namespaceSelector: { matchLabels: { team: 'x' } } }, 'b1'],
  ['none when no label fits', { namespaceSelector: { matchLabels: { team: 'y' } } }, NONE_NEAR],
  ['every namespace with an empty selector', { namespaceSelector: {} }, 'b1'],
  [
    'the named and the chosen together',
    { namespaces: ['other'], namespaceSelector: { matchLabels: { team: 'y' } } },
    'b1',
  ],
]
for (const [criterion, changes, expected] of namespaceCases)
  test(`a term speaks of pods in ${criterion}`, () => {
    const snapshot = cluster([other], { other: { team: 'x' }, default: {} })
    assert.equal(outcome(snapshot, pod('x', { affinity: near(term('db', changes)) })), expected)
  })

test('a term follows the labels of namespaces when they change', () => {
  const snapshot = cluster([other], { other: { team: 'x' } })
  const asking = pod('x', {
    affinity: near(term('db', { namespaceSelector: { matchLabels: { team: 'y' } } })),
  })
  assert.equal(outcome(snapshot, asking), NONE_NEAR)
  snapshot.setNamespace(ns('other', { team: 'y' }))
  assert.equal(outcome(snapshot, asking), 'b1')
})

test('preferences draw a pod near and away, each by its weight', () => {
  const weighted = (app: string, weight: number) => ({ weight, podAffinityTerm: term(app) })
  const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
  const snapshot = cluster([
    pod('db', { app: 'db', node: 'a1' }),
    pod('noise', { app: 'noise', node: 'b1' }),
  ])
  const drawn = pod('x', { affinity: { podAffinity: { [PREFERRED]: [weighted('noise', 50)] } } })
  const driven = pod('x', {
    affinity: { podAntiAffinity: { [PREFERRED]: [weighted('db', 50)] } },
  })
  assert.equal(outcome(snapshot, drawn), 'b1')
  assert.equal(outcome(snapshot, driven), 'b1')
})

test('what pods that are there prefer draws those that come', () => {
  const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
  const friendly: Affinity = {
    podAffinity: { [PREFERRED]: [{ weight: 100, podAffinityTerm: term('web') }] },
  }
  const snapshot = cluster([pod('friend', { app: 'db', affinity: friendly, node: 'b1' })])
  assert.equal(outcome(snapshot, pod('x')), 'b1')
})
