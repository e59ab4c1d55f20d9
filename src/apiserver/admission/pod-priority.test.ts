import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PODS, pod, serviceAccount, testCluster } from '../test-cluster.ts'

const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses'

const priorityClass = (name: string, value: number, changes: object = {}) => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  ...changes,
})

async function cluster() {
  const { api } = await testCluster()
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  await api.create(CLASSES, priorityClass('standard', 5, { globalDefault: true }))
  await api.create(CLASSES, priorityClass('patient', 100, { preemptionPolicy: 'Never' }))
  return api
}

test('a pod gets priority and preemption policy of its class, or of the default one', async () => {
  const api = await cluster()
  const { spec: named } = await api.create(PODS, pod('a', { priorityClassName: 'patient' }))
  assert.deepEqual([named?.['priority'], named?.['preemptionPolicy']], [100, 'Never'])
  const { spec: other } = await api.create(PODS, pod('b'))
  assert.deepEqual(
    [other?.['priorityClassName'], other?.['priority'], other?.['preemptionPolicy']],
    ['standard', 5, 'PreemptLowerPriority'],
  )
})

const refused: [criterion: string, spec: object, message: string][] = [
  [
    'a class nobody knows',
    { priorityClassName: 'none' },
    'no PriorityClass with name none was found',
  ],
  [
    'a priority of its own',
    { priority: 7 },
    'the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 5 from the given PriorityClass name',
  ],
  [
    'a preemption policy of its own',
    { preemptionPolicy: 'Never' },
    'the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
  ],
]
for (const [criterion, spec, message] of refused)
  test(`a pod with ${criterion} is refused`, async () => {
    const api = await cluster()
    await assert.rejects(api.create(PODS, pod('a', spec)), {
      reason: 'Forbidden',
      message: `pods "a" is forbidden: ${message}`,
    })
  })

test('there is only one default class', async () => {
  const api = await cluster()
  const second = priorityClass('second', 1, { globalDefault: true })
  await assert.rejects(api.create(CLASSES, second), {
    reason: 'Forbidden',
    message:
      'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass standard is already marked as default. Only one default can exist',
  })
})
