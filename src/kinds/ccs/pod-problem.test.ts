import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerStatus, Pod, PodStatus } from '#kinds/k8s/core.ts'
import { podProblem } from './pod-problem.ts'

const pod = (status: PodStatus): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1' },
  spec: { containers: [] },
  status,
})

const container = (over: Partial<ContainerStatus>): Pod =>
  pod({
    containerStatuses: [
      { name: 'web', image: '', imageID: '', ready: false, restartCount: 0, ...over },
    ],
  })

test('podProblem says nothing of a pod that starts or runs', () => {
  assert.equal(podProblem(pod({})), undefined)
  assert.equal(
    podProblem(container({ state: { waiting: { reason: 'ContainerCreating' } } })),
    undefined,
  )
  assert.equal(podProblem(container({ state: { running: {} } })), undefined)
})

test('podProblem tells what passes from what its user has to mend', () => {
  const crash = (restartCount: number) =>
    podProblem(
      container({
        restartCount,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      }),
    )
  assert.deepEqual(crash(1), {
    reason: 'CrashLoopBackOff',
    message: 'CrashLoopBackOff: back-off 10s (it ended with exit code 137, OOMKilled)',
    isLasting: false,
  })
  assert.equal(crash(3)?.isLasting, true)
  const pull = container({ state: { waiting: { reason: 'ImagePullBackOff' } } })
  assert.equal(podProblem(pull)?.isLasting, true)
  const full = pod({
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        message: '0/2 nodes are available. preemption: none',
      },
    ],
  })
  assert.equal(podProblem(full)?.message, 'no machine has room: 0/2 nodes are available')
})
