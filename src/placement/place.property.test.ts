import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Node, Pod, PodAffinityTerm, TopologySpreadConstraint } from '#kinds/k8s/core.ts'
import { place } from './place.ts'
import { preempt } from './preempt.ts'
import { ClusterSnapshot } from './snapshot.ts'

const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'

/** Of each node. */
const PODS_MAX = 4

const nodes = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('n1', 'n2', 'n3', 'n4', 'n5'),
    zone: fc.constantFrom('', 'a', 'b'),
    cpu: fc.integer({ min: 1, max: 4 }),
    isCordoned: fc.boolean(),
    isTainted: fc.boolean(),
  }),
  { selector: ({ name }) => name, minLength: 1 },
)
type NodeWish = typeof nodes extends fc.Arbitrary<(infer T)[]> ? T : never

const apps = fc.constantFrom('x', 'y')
const keys = fc.constantFrom(ZONE, HOST)
const term = fc.record({ topologyKey: keys, app: apps })
const pods = fc.array(
  fc.record({
    app: apps,
    cpu: fc.integer({ min: 0, max: 2 }),
    priority: fc.integer({ min: 0, max: 2 }),
    tolerates: fc.boolean(),
    near: fc.option(term, { freq: 3 }),
    apart: fc.option(term, { freq: 3 }),
    spread: fc.option(fc.record({ topologyKey: keys, maxSkew: fc.integer({ min: 1, max: 2 }) }), {
      freq: 3,
    }),
  }),
  { maxLength: 14 },
)
type PodWish = typeof pods extends fc.Arbitrary<(infer T)[]> ? T : never

const nodeOf = ({ name, zone, cpu, isCordoned, isTainted }: NodeWish): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { [HOST]: name, ...(zone ? { [ZONE]: zone } : {}) } },
  spec: {
    unschedulable: isCordoned,
    ...(isTainted ? { taints: [{ key: 'k', effect: 'NoSchedule' }] } : {}),
  },
  status: { allocatable: { cpu: String(cpu), pods: String(PODS_MAX) } },
})

const termOf = ({ topologyKey, app }: { topologyKey: string; app: string }): PodAffinityTerm => ({
  topologyKey,
  labelSelector: { matchLabels: { app } },
})

function podOf(name: string, wish: PodWish): Pod {
  const constraint = (spread: NonNullable<PodWish['spread']>): TopologySpreadConstraint => ({
    ...spread,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app: wish.app } },
  })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: wish.app } },
    spec: {
      containers: [{ name: 'c', resources: { requests: { cpu: String(wish.cpu) } } }],
      priority: wish.priority,
      ...(wish.tolerates ? { tolerations: [{ key: 'k', operator: 'Exists' }] } : {}),
      affinity: {
        ...(wish.near ? { podAffinity: { [REQUIRED]: [termOf(wish.near)] } } : {}),
        ...(wish.apart ? { podAntiAffinity: { [REQUIRED]: [termOf(wish.apart)] } } : {}),
      },
      ...(wish.spread ? { topologySpreadConstraints: [constraint(wish.spread)] } : {}),
    },
  }
}

interface Placed {
  pod: Pod
  wish: PodWish
  node: Node
}

const domain = (node: Node, key: string) => node.metadata.labels![key]
const isSame = (a: Node, b: Node, key: string) =>
  domain(a, key) !== undefined && domain(a, key) === domain(b, key)

/** The rules once more, looking at every pod: what `place` must agree with. */
function mayTake(node: Node, wish: PodWish, all: Node[], placed: Placed[]): boolean {
  const here = placed.filter((each) => each.node === node)
  const cpu = here.reduce((sum, each) => sum + each.wish.cpu, wish.cpu)
  if (cpu > Number(node.status!.allocatable!['cpu']) || here.length >= PODS_MAX) return false
  if (node.spec.unschedulable || (node.spec.taints && !wish.tolerates)) return false
  return keepsTerms(node, wish, placed) && keepsSpread(node, wish, all, placed)
}

function keepsTerms(node: Node, { app, near, apart }: PodWish, placed: Placed[]): boolean {
  if (
    apart &&
    placed.some((p) => p.wish.app === apart.app && isSame(p.node, node, apart.topologyKey))
  )
    return false
  const isUnwelcome = placed.some(
    ({ wish, node: other }) =>
      wish.apart?.app === app && isSame(other, node, wish.apart.topologyKey),
  )
  if (isUnwelcome) return false
  if (!near) return true
  if (domain(node, near.topologyKey) === undefined) return false
  const liked = placed.filter(
    (p) => p.wish.app === near.app && domain(p.node, near.topologyKey) !== undefined,
  )
  if (liked.some((p) => isSame(p.node, node, near.topologyKey))) return true
  return liked.length === 0 && near.app === app
}

function keepsSpread(node: Node, wish: PodWish, all: Node[], placed: Placed[]): boolean {
  if (!wish.spread) return true
  const { topologyKey, maxSkew } = wish.spread
  const own = domain(node, topologyKey)
  if (own === undefined) return false
  const domains = new Set(
    all.map((each) => domain(each, topologyKey)).filter((d) => d !== undefined),
  )
  const count = (one: string) =>
    placed.filter((p) => p.wish.app === wish.app && domain(p.node, topologyKey) === one).length
  return count(own) + 1 - Math.min(...[...domains].map(count)) <= maxSkew
}

function fill(wishes: NodeWish[], podWishes: PodWish[]) {
  const snapshot = new ClusterSnapshot()
  const all = wishes.map(nodeOf)
  for (const node of all) snapshot.setNode(node)
  const placed: Placed[] = []
  for (const [index, wish] of podWishes.entries()) {
    const pod = podOf(`p${index}`, wish)
    const placement = place(snapshot, pod)
    const possible = all.filter((node) => mayTake(node, wish, all, placed))
    if (placement.type === 'none') {
      assert.deepEqual(possible, [], placement.message)
      continue
    }
    const node = possible.find(({ metadata }) => metadata.name === placement.node)
    assert.ok(node, `${placement.node} must not take ${JSON.stringify(wish)}`)
    const bound = { ...pod, spec: { ...pod.spec, nodeName: placement.node } }
    placed.push({ pod: bound, wish, node })
    snapshot.setPod(bound)
  }
  return { snapshot, all, placed }
}

test('place takes a node that every rule allows, whenever there is one', () => {
  fc.assert(
    fc.property(nodes, pods, (wishes, podWishes) => void fill(wishes, podWishes)),
    { seed: 5, numRuns: 300 },
  )
})

test('preempt takes away only lesser pods, enough of them, and none too many', () => {
  let made = 0
  fc.assert(
    fc.property(nodes, pods, pods, (wishes, before, after) => {
      const { snapshot, placed } = fill(wishes, before)
      for (const [index, wish] of after.entries()) {
        const pod = podOf(`q${index}`, { ...wish, priority: wish.priority + 1 })
        const placement = place(snapshot, pod)
        if (placement.type === 'node') continue
        const preemption = preempt(snapshot, pod, placement, { budgets: [] })
        if (preemption.type === 'none') continue
        made++
        const isVictim = new Set(preemption.victims.map(({ metadata }) => metadata.name))
        const without = (spared?: string) => {
          const rest = new ClusterSnapshot()
          for (const each of wishes) rest.setNode(nodeOf(each))
          for (const each of placed) {
            const { name } = each.pod.metadata
            if (!isVictim.has(name) || name === spared) rest.setPod(each.pod)
          }
          return place(rest, pod, { nominated: preemption.node })
        }
        const isThere = (placement: ReturnType<typeof without>) =>
          placement.type === 'node' &&
          placement.node === preemption.node &&
          placement.examined === 0
        assert.ok(isThere(without()), 'the pod fits once its victims are gone')
        for (const victim of preemption.victims) {
          assert.ok((victim.spec.priority ?? 0) < pod.spec.priority!)
          assert.equal(victim.spec.nodeName, preemption.node)
        }
        const least = preemption.victims.at(0)!
        assert.ok(!isThere(without(least.metadata.name)), 'the most important victim had to go')
      }
    }),
    { seed: 6, numRuns: 200 },
  )
  assert.ok(made > 50, `made room only ${made} times`)
})
