import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Pod } from '#kinds/k8s/core.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { ClusterSnapshot } from './snapshot.ts'
import { machines } from './topology.ts'

const NODES = ['a', 'b', 'c']
const selector = { matchLabels: { app: 'x' } }

const change = fc.record({
  name: fc.constantFrom('p1', 'p2', 'p3', 'p4'),
  node: fc.constantFrom(...NODES, ''),
  app: fc.constantFrom('x', 'y'),
  cpu: fc.integer({ min: 0, max: 4000 }),
  phase: fc.constantFrom('Pending' as const, 'Running' as const, 'Failed' as const),
  isEnding: fc.boolean(),
  isGone: fc.boolean(),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function podOf({ name, node, app, cpu, phase, isEnding }: Change): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      labels: { app },
      ...(isEnding ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      nodeName: node,
      containers: [{ name: 'c', resources: { requests: { cpu: `${cpu}m` } } }],
    },
    status: { phase },
  }
}

test('ClusterSnapshot holds the same sums after any changes as one built from what is left', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const snapshot = new ClusterSnapshot()
      for (const name of NODES)
        snapshot.setNode({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} })
      const tally = () =>
        snapshot.count({
          key: 'x',
          topology: machines,
          matches: ({ metadata }) => matchesLabelSelector(selector, metadata.labels),
          countsEnding: false,
          readsNamespaces: false,
        })
      tally()
      const left = new Map<string, Pod>()
      for (const each of changes) {
        if (each.isGone) {
          snapshot.removePod(`default/${each.name}`)
          left.delete(each.name)
        } else {
          snapshot.setPod(podOf(each))
          left.set(each.name, podOf(each))
        }
      }
      const running = [...left.values()].filter(
        ({ spec, status }) => spec?.nodeName && status?.phase !== 'Failed',
      )
      for (const name of NODES) {
        const here = running.filter(({ spec }) => spec?.nodeName === name)
        const cpu = here.reduce(
          (sum, { spec }) =>
            sum + Number.parseInt(String(spec!.containers[0]!.resources!.requests!['cpu'])),
          0,
        )
        const counted = here.filter(
          ({ metadata }) => metadata.labels!['app'] === 'x' && !metadata.deletionTimestamp,
        )
        assert.equal(snapshot.node(name)!.stock('cpu').requested, cpu)
        assert.equal(snapshot.node(name)!.pods.size, here.length)
        assert.equal(tally().get(name) ?? 0, counted.length)
      }
    }),
    { seed: 7, numRuns: 200 },
  )
})
