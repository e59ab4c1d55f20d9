import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { ZONE_LABEL } from './node-state.ts'
import { groupOf } from './pod-group.ts'
import type { Tally } from './tally.ts'
import { ClusterSnapshot } from './snapshot.ts'
import { byLabel } from './topology.ts'

const RACK = 'example.com/rack'
const selector = { matchLabels: { app: 'x' } }
const names = fc.constantFrom('a', 'b', 'c')
/** '' stands for a label the node does not have. */
const label = fc.constantFrom('', '1', '2')

const change = fc.oneof(
  fc.record({ type: fc.constant('node' as const), name: names, zone: label, rack: label }),
  fc.record({ type: fc.constant('node gone' as const), name: names }),
  fc.record({
    type: fc.constant('pod' as const),
    name: fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5'),
    node: names,
    app: fc.constantFrom('x', 'y'),
    isEnding: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('pod gone' as const),
    name: fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5'),
  }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function nodeOf({ name, zone, rack }: Change & { type: 'node' }): Node {
  const labels = { ...(zone ? { [ZONE_LABEL]: zone } : {}), ...(rack ? { [RACK]: rack } : {}) }
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} }
}

function podOf({ name, node, app, isEnding }: Change & { type: 'pod' }): Pod {
  const ending = isEnding ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app }, ...ending },
    spec: { nodeName: node, containers: [] },
  }
}

function apply(snapshot: ClusterSnapshot, each: Change): void {
  switch (each.type) {
    case 'node':
      return snapshot.setNode(nodeOf(each))
    case 'node gone':
      return snapshot.removeNode(each.name)
    case 'pod':
      return snapshot.setPod(podOf(each))
    case 'pod gone':
      return snapshot.removePod(`default/${each.name}`)
  }
}

const sorted = (tally: Tally) => [...tally].toSorted(([a], [b]) => (a < b ? -1 : 1))

/** What there is to count, kept apart from the snapshot. */
class Reference {
  readonly nodes = new Map<string, Node>()
  readonly pods = new Map<string, Pod>()

  apply(each: Change): void {
    if (each.type === 'node') this.nodes.set(each.name, nodeOf(each))
    else if (each.type === 'node gone') this.nodes.delete(each.name)
    else if (each.type === 'pod') this.pods.set(keyOf(podOf(each)), podOf(each))
    else this.pods.delete(`default/${each.name}`)
  }

  count(app: string, domainOf: (node: Node) => string | undefined): [string, number][] {
    const counts = new Map<string, number>()
    for (const { metadata, spec } of this.pods.values()) {
      const node = this.nodes.get(spec.nodeName ?? '')
      if (metadata.labels?.['app'] !== app || metadata.deletionTimestamp || !node) continue
      const domain = domainOf(node)
      if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + 1)
    }
    return sorted(counts)
  }
}

test('PodTallies count per domain, after any changes of pods and nodes, what a fresh count finds', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const snapshot = new ClusterSnapshot()
      const reference = new Reference()
      const ofRack = () =>
        snapshot.count({
          key: 'x',
          topology: byLabel(RACK),
          matches: ({ metadata }) => matchesLabelSelector(selector, metadata.labels),
          countsEnding: false,
          readsNamespaces: false,
        })
      ofRack()
      for (const each of changes) {
        apply(snapshot, each)
        reference.apply(each)
        for (const app of ['x', 'y'] as const) {
          const pod = podOf({ type: 'pod', name: 'p1', node: 'a', app, isEnding: false })
          const { zones, machines } = snapshot.tallies.ofGroup(groupOf(pod))
          const zoneOf = ({ metadata: { labels } }: Node) => labels?.[ZONE_LABEL] ?? ''
          assert.deepEqual(sorted(zones), reference.count(app, zoneOf))
          assert.deepEqual(
            sorted(machines),
            reference.count(app, (node) => node.metadata.name),
          )
        }
        const racks = reference.count('x', ({ metadata: { labels } }) => labels?.[RACK])
        assert.deepEqual(sorted(ofRack()), racks)
      }
    }),
    { seed: 11, numRuns: 200 },
  )
})
