import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ContainerState, ContainerStatus, Pod, PodStatus } from './k8s/core.ts'
import { isPodAvailable, isPodReady, summarizePod } from './pod-status.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1_000).toISOString()

interface Sketch {
  containers?: string[]
  /** A name with "*" is a sidecar. */
  init?: string[]
  status: PodStatus
  deleting?: boolean
}

function pod({ containers = ['a'], init = [], status, deleting }: Sketch): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...(deleting ? { deletionTimestamp: at(1) } : {}) },
    spec: {
      containers: containers.map((name) => ({ name })),
      initContainers: init.map((name) =>
        name.endsWith('*') ? { name: name.slice(0, -1), restartPolicy: 'Always' } : { name },
      ),
    },
    status,
  }
}

function state(
  name: string,
  value: ContainerState,
  more: Partial<ContainerStatus> = {},
): ContainerStatus {
  return { name, image: '', imageID: '', ready: false, restartCount: 0, state: value, ...more }
}

const running = (name: string, ready = true) =>
  state(name, { running: { startedAt: at(60) } }, { ready, started: true })
const waiting = (name: string, reason: string) => state(name, { waiting: { reason } })
const ended = (name: string, exitCode: number, reason?: string) =>
  state(name, { terminated: { exitCode, ...(reason === undefined ? {} : { reason }) } })

describe('summarizePod names the status as kubectl shows it', () => {
  const cases: [name: string, sketch: Sketch, status: string, ready: string][] = [
    ['pending', { status: { phase: 'Pending' } }, 'Pending', '0/1'],
    [
      'running',
      {
        containers: ['a', 'b'],
        status: { phase: 'Running', containerStatuses: [running('a'), running('b', false)] },
      },
      'Running',
      '1/2',
    ],
    [
      'crashing',
      { status: { phase: 'Running', containerStatuses: [waiting('a', 'CrashLoopBackOff')] } },
      'CrashLoopBackOff',
      '0/1',
    ],
    [
      'completed',
      { status: { phase: 'Succeeded', containerStatuses: [ended('a', 0, 'Completed')] } },
      'Completed',
      '0/1',
    ],
    [
      'failed',
      { status: { phase: 'Failed', containerStatuses: [ended('a', 3, 'Error')] } },
      'Error',
      '0/1',
    ],
    [
      'failed without a reason',
      { status: { phase: 'Failed', containerStatuses: [ended('a', 3)] } },
      'ExitCode:3',
      '0/1',
    ],
    ['evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, 'Evicted', '0/1'],
    [
      'waits for the first of two init containers',
      {
        init: ['i', 'j'],
        status: {
          phase: 'Pending',
          initContainerStatuses: [running('i', false), waiting('j', 'PodInitializing')],
        },
      },
      'Init:0/2',
      '0/1',
    ],
    [
      'waits for the second init container',
      {
        init: ['i', 'j'],
        status: {
          phase: 'Pending',
          initContainerStatuses: [ended('i', 0, 'Completed'), waiting('j', 'PodInitializing')],
        },
      },
      'Init:1/2',
      '0/1',
    ],
    [
      'an init container fails',
      { init: ['i'], status: { phase: 'Failed', initContainerStatuses: [ended('i', 4, 'Error')] } },
      'Init:Error',
      '0/1',
    ],
    [
      'an init container crashes',
      {
        init: ['i'],
        status: { phase: 'Pending', initContainerStatuses: [waiting('i', 'CrashLoopBackOff')] },
      },
      'Init:CrashLoopBackOff',
      '0/1',
    ],
    [
      'a sidecar runs beside',
      {
        init: ['s*'],
        status: {
          phase: 'Running',
          initContainerStatuses: [running('s')],
          containerStatuses: [running('a')],
        },
      },
      'Running',
      '2/2',
    ],
    [
      'one container is done and another ready',
      {
        containers: ['a', 'b'],
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'True' }],
          containerStatuses: [ended('a', 0, 'Completed'), running('b')],
        },
      },
      'Running',
      '1/2',
    ],
    [
      'one container is done and the pod is not ready',
      {
        containers: ['a', 'b'],
        status: { phase: 'Running', containerStatuses: [ended('a', 0, 'Completed'), running('b')] },
      },
      'NotReady',
      '1/2',
    ],
    [
      'deleted while it runs',
      { deleting: true, status: { phase: 'Running', containerStatuses: [running('a')] } },
      'Terminating',
      '1/1',
    ],
    [
      'deleted after it ended',
      {
        deleting: true,
        status: { phase: 'Succeeded', containerStatuses: [ended('a', 0, 'Completed')] },
      },
      'Completed',
      '0/1',
    ],
    [
      'deleted on a lost node',
      { deleting: true, status: { phase: 'Running', reason: 'NodeLost' } },
      'Unknown',
      '0/1',
    ],
    [
      'held back from scheduling',
      {
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      },
      'SchedulingGated',
      '0/1',
    ],
  ]
  for (const [name, sketch, status, ready] of cases)
    test(name, () => {
      const summary = summarizePod(pod(sketch), NOW)
      assert.equal(summary.status, status)
      assert.equal(summary.ready, ready)
    })
})

test('summarizePod counts restarts and tells when the last was', () => {
  const again = (name: string, restartCount: number, secondsAgo: number): ContainerStatus => ({
    ...running(name),
    restartCount,
    lastState: { terminated: { exitCode: 1, finishedAt: at(secondsAgo) } },
  })
  const containerStatuses = [again('a', 2, 300), again('b', 1, 30)]
  const sketch = {
    containers: ['a', 'b'],
    status: { phase: 'Running' as const, containerStatuses },
  }
  assert.equal(summarizePod(pod(sketch), NOW).restarts, '3 (30s ago)')
  const none = { status: { containerStatuses: [running('a')] } }
  assert.equal(summarizePod(pod(none), NOW).restarts, '0')
})

test('isPodAvailable asks for readiness that has lasted', () => {
  const ready = pod({
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at(10) }] },
  })
  assert.equal(isPodReady(ready), true)
  assert.equal(isPodAvailable(ready, 0, NOW), true)
  assert.equal(isPodAvailable(ready, 10, NOW), true)
  assert.equal(isPodAvailable(ready, 11, NOW), false)
  const unready = pod({ status: { conditions: [{ type: 'Ready', status: 'False' }] } })
  assert.equal(isPodAvailable(unready, 0, NOW), false)
})
