import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod, PodSpec } from '#kinds/k8s/core.ts'
import type { RuntimeClass } from '#kinds/k8s/node.ts'
import { pods, runtimeClasses } from '#kinds/refs.ts'
import { runtimeClassAdmission } from './runtime-class.ts'
import { askPlugin, readerOf } from './test-admission.ts'

const runtimeClass: RuntimeClass = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'vm' },
  handler: 'vm',
  overhead: { podFixed: { memory: '64Mi' } },
  scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [{ key: 'vm', operator: 'Exists' }] },
}
const plugin = runtimeClassAdmission(readerOf([runtimeClasses, runtimeClass]))
const ask = (spec: Partial<PodSpec>) =>
  askPlugin<Pod>(plugin, pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n' },
    spec: { containers: [], ...spec },
  })

test('a pod gets what its runtime class costs and where it runs', async () => {
  const { spec } = (await ask({ runtimeClassName: 'vm', nodeSelector: { zone: 'a' } }))!
  assert.deepEqual(spec.overhead, { memory: '64Mi' })
  assert.deepEqual(spec.nodeSelector, { zone: 'a', vm: 'yes' })
  assert.deepEqual(spec.tolerations, [{ key: 'vm', operator: 'Exists' }])
})

test('a pod may say the overhead that its class has, in other words too', async () => {
  await ask({ runtimeClassName: 'vm', overhead: { memory: '65536Ki' } })
})

const refused: [criterion: string, spec: Partial<PodSpec>, why: string][] = [
  [
    'a class nobody knows',
    { runtimeClassName: 'none' },
    'pod rejected: RuntimeClass "none" not found',
  ],
  [
    'another overhead',
    { runtimeClassName: 'vm', overhead: { memory: '1Mi' } },
    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  ],
  [
    'an overhead of its own',
    { overhead: { memory: '1Mi' } },
    'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  ],
  [
    'another place',
    { runtimeClassName: 'vm', nodeSelector: { vm: 'no' } },
    'conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no',
  ],
]
for (const [criterion, spec, why] of refused)
  test(`a pod with ${criterion} is refused`, async () => {
    await assert.rejects(ask(spec), { message: `pods "p" is forbidden: ${why}` })
  })
