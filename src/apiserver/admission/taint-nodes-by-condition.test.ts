import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Taint } from '#kinds/k8s/core.ts'
import { nodes } from '#kinds/refs.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'
import { askPlugin } from './test-admission.ts'

test('a new node takes no pods until it is ready', async () => {
  const node = (taints?: Taint[]): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'a' },
    spec: { ...(taints && { taints }) },
  })
  const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
  const own: Taint = { key: 'own', effect: 'NoSchedule' }
  const given = async (taints?: Taint[]) =>
    (await askPlugin(taintNodesByCondition, nodes, node(taints)))?.spec.taints
  assert.deepEqual(await given(), [notReady])
  assert.deepEqual(await given([own]), [own, notReady])
  assert.deepEqual(await given([notReady]), [notReady])
  const old = node()
  const updated = await askPlugin(taintNodesByCondition, nodes, node(), { old })
  assert.equal(updated?.spec.taints, undefined)
})
