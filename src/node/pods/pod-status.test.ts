import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { ContainerStatus, Pod } from '#kinds/k8s/core.ts'
import { podStatus } from './pod-status.ts'
import type { ContainerView, PodView, Waiting } from './pod-view.ts'
import { NOW_MS, readySandbox, seen, testContainer, testPod, testView } from './test-view.ts'

interface Step {
  label: string
  response: { body: Pod }
}

const recording = JSON.parse(
  readFileSync(
    new URL('../../../test/data/kubernetes-1.36/recordings/11-pods.json', import.meta.url),
    'utf8',
  ).replaceAll('{image}', 'registry.example/busybox:1'),
) as { steps: Step[] }

const recorded = (label: string): Pod => {
  const step = recording.steps.find((candidate) => candidate.label === label)
  assert.ok(step, `no recording is called ${label}`)
  return structuredClone(step.response.body)
}

/** What a runtime would have shown for this status. */
function viewsOf(status: ContainerStatus): ContainerView[] {
  const { name, state = {}, lastState = {}, restartCount, imageID } = status
  const ended = state.terminated ?? lastState.terminated
  const all: ContainerView[] = []
  if (state.running)
    all.push(
      seen(name, {
        id: status.containerID?.replace('containerd://', '') ?? '',
        startedAtMs: Date.parse(state.running.startedAt ?? ''),
        imageRef: imageID,
        attempt: restartCount,
      }),
    )
  if (ended)
    all.push(
      seen(name, {
        id: ended.containerID?.replace('containerd://', '') ?? '',
        state: 'exited',
        exitCode: ended.exitCode,
        reason: ended.reason ?? '',
        message: ended.message ?? '',
        startedAtMs: Date.parse(ended.startedAt ?? ''),
        finishedAtMs: Date.parse(ended.finishedAt ?? ''),
        imageRef: imageID,
        attempt: restartCount,
      }),
    )
  return all
}

/** The view from which the agent must come to the recorded status. */
function viewOf(pod: Pod): PodView {
  const { containerStatuses = [], initContainerStatuses = [], conditions, ...rest } = pod.status!
  const statuses = [...initContainerStatuses, ...containerStatuses]
  const waiting = statuses.flatMap(({ name, state }): [string, Waiting][] =>
    state?.waiting?.message && state.waiting.reason !== 'CrashLoopBackOff'
      ? [[name, { reason: state.waiting.reason ?? '', message: state.waiting.message }]]
      : [],
  )
  const containers = statuses.flatMap(viewsOf)
  const probes = statuses.flatMap(({ containerID, ready, started = false }) =>
    containerID === undefined
      ? []
      : [
          [
            containerID.replace('containerd://', ''),
            { started, ready, failed: undefined },
          ] as const,
        ],
  )
  const usable = conditions?.find(({ type }) => type === 'PodReadyToStartContainers')?.status
  const sandbox = { ...readySandbox, addresses: [rest.podIP ?? ''] }
  // Before: only what others wrote, and when each condition last changed.
  const status = { conditions, startTime: rest.startTime, qosClass: rest.qosClass }
  const lastEndMs = Math.max(...containers.map(({ finishedAtMs }) => finishedAtMs), 0)
  return testView({
    pod: { ...pod, status },
    containers,
    probes: new Map(probes),
    waiting: new Map(waiting),
    sandboxes: [sandbox],
    stoppedSandboxes: new Set(usable === 'True' ? [] : [sandbox.id]),
    nowMs: lastEndMs === 0 ? NOW_MS : lastEndMs + 1_000,
  })
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const LABELS = [
  'running',
  'succeeded',
  'failed',
  'crashing',
  'no image',
  'no config',
  'init containers',
  'init fails',
  'unready',
  'sidecar',
  'deadline',
]

describe('podStatus says what a kubelet of Kubernetes 1.36 says', () => {
  for (const label of LABELS)
    test(label, () => {
      const pod = recorded(label)
      const view = viewOf(pod)
      if (label === 'deadline') {
        view.pod.spec.activeDeadlineSeconds = 1
      }
      const options = { hostAddresses: [pod.status?.hostIP ?? ''] }
      assert.deepEqual(plain(podStatus(view, options)), plain(pod.status))
    })
})

describe('podStatus on the way to a running pod says what a kubelet of Kubernetes 1.36 says', () => {
  const events = recording.steps.find(({ label }) => label === 'watch of one pod')!.response
    .body as unknown as { object: Pod }[]
  const statuses = events.map(({ object }) => object.status!)
  const stages = ['accepted', 'has a sandbox', 'has started', 'is ready']
  for (const [at, stage] of stages.entries())
    test(stage, () => {
      // What the scheduler made of it comes first.
      const pod = structuredClone(events[at + 1]!.object)
      const wanted = statuses[at + 2]!
      const view = viewOf({ ...pod, status: structuredClone(wanted) })
      const addresses = [statuses.at(-1)!.podIP ?? '']
      const sandboxes = at === 0 ? [] : [{ ...readySandbox, addresses }]
      const nowMs = Date.parse(
        wanted.containerStatuses![0]!.state!.running?.startedAt ?? wanted.startTime!,
      )
      const status = podStatus(
        { ...view, pod, sandboxes, nowMs },
        { hostAddresses: [wanted.hostIP ?? ''] },
      )
      const timeless = (text: unknown) =>
        JSON.parse(JSON.stringify(text).replaceAll(/"[0-9-]+T[0-9:]+Z"/g, '"*"')) as unknown
      assert.deepEqual(timeless(status), timeless(wanted))
    })
})

describe('podStatus', () => {
  const options = { hostAddresses: ['10.0.0.11'] }

  test('waits with the reason of a pod that is being made', () => {
    const status = podStatus(testView(), options)
    assert.equal(status.phase, 'Pending')
    assert.deepEqual(status.containerStatuses?.[0]?.state, {
      waiting: { reason: 'ContainerCreating' },
    })
  })

  test('keeps the time of a condition that did not change', () => {
    const before = podStatus(testView({ containers: [seen('main')] }), options)
    const view = testView({
      pod: { ...testPod(), status: before },
      containers: [seen('main')],
      nowMs: NOW_MS + 60_000,
    })
    assert.deepEqual(podStatus(view, options).conditions, before.conditions)
  })

  test('keeps conditions of others', () => {
    const other = { type: 'example.com/gate', status: 'True' }
    const pod = testPod({ readinessGates: [{ conditionType: other.type }] })
    pod.status = { conditions: [other] }
    const status = podStatus(testView({ pod, containers: [seen('main')] }), options)
    assert.deepEqual(status.conditions?.at(-1), other)
    assert.equal(status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True')
  })

  test('is not ready while a readiness gate is missing', () => {
    const pod = testPod({ readinessGates: [{ conditionType: 'example.com/gate' }] })
    const { conditions } = podStatus(testView({ pod, containers: [seen('main')] }), options)
    const ready = conditions?.find(({ type }) => type === 'Ready')
    assert.equal(ready?.reason, 'ReadinessGatesNotReady')
  })

  test('shows the last end of a container that runs again', () => {
    const containers = [
      seen('main', { attempt: 1 }),
      seen('main', { state: 'exited', exitCode: 137, reason: 'OOMKilled' }),
    ]
    const [status] = podStatus(testView({ containers }), options).containerStatuses ?? []
    assert.equal(status?.restartCount, 1)
    assert.equal(status?.lastState?.terminated?.reason, 'OOMKilled')
  })

  test('a pod that is over starts nothing more, also before its sandbox is gone', () => {
    const pod = testPod({ restartPolicy: 'Never' })
    const containers = [seen('main', { state: 'exited', exitCode: 0 })]
    const [first] = podStatus(testView({ pod, containers }), options).conditions ?? []
    assert.deepEqual([first?.type, first?.status], ['PodReadyToStartContainers', 'False'])
  })

  test('a container whose restart was held back is said to be so until it runs again', () => {
    const containers = [seen('main', { attempt: 1, state: 'exited', exitCode: 1 })]
    const held = podStatus(testView({ containers }), options)
    assert.equal(held.containerStatuses?.[0]?.state?.waiting?.reason, 'CrashLoopBackOff')
    const pod = { ...testPod(), status: held }
    const nowMs = NOW_MS + 10_000
    const starting = podStatus(testView({ pod, containers, nowMs }), options)
    assert.deepEqual(starting.containerStatuses, held.containerStatuses)
    const again = [seen('main', { attempt: 2 }), ...containers]
    const running = podStatus(testView({ pod, containers: again, nowMs }), options)
    assert.ok(running.containerStatuses?.[0]?.state?.running)
  })

  test('containers share what all of a pod may say at their end', () => {
    const names = ['a', 'b', 'c', 'd']
    const pod = testPod({ restartPolicy: 'Never', containers: names.map((n) => testContainer(n)) })
    const message = 'x'.repeat(4_096)
    const containers = names.map((name) => seen(name, { state: 'exited', message }))
    for (const { state } of podStatus(testView({ pod, containers }), options).containerStatuses!)
      assert.equal(state?.terminated?.message?.length, 3_072)
  })

  test('names the image of a container in full once there is one', () => {
    const pod = testPod({ containers: [testContainer('main', { image: 'nginx' })] })
    const imageOf = (view: PodView) => podStatus(view, options).containerStatuses?.[0]?.image
    assert.equal(imageOf(testView({ pod })), 'nginx')
    const containers = [seen('main')]
    assert.equal(imageOf(testView({ pod, containers })), 'docker.io/library/nginx:latest')
  })

  test('a container that could not be started has no beginning', () => {
    const pod = testPod({ restartPolicy: 'Never' })
    const reason = 'StartError'
    const containers = [seen('main', { state: 'exited', exitCode: 128, reason, startedAtMs: 0 })]
    const [status] = podStatus(testView({ pod, containers }), options).containerStatuses ?? []
    assert.equal(status?.state?.terminated?.startedAt, '1970-01-01T00:00:00Z')
  })

  test('a pod in the machine network has the machine address', () => {
    const pod = testPod({ hostNetwork: true })
    assert.equal(podStatus(testView({ pod }), options).podIP, '10.0.0.11')
  })

  test('a deleted pod ends as its containers did', () => {
    const pod = testPod({}, { deletionTimestamp: new Date(NOW_MS).toISOString() })
    const end = (exitCode: number) =>
      podStatus(
        testView({ pod, containers: [seen('main', { state: 'exited', exitCode })] }),
        options,
      )
    assert.equal(end(0).phase, 'Succeeded')
    assert.equal(end(143).phase, 'Failed')
  })

  test('a pod that was over stays so', () => {
    const pod = testPod({ restartPolicy: 'Never' })
    pod.status = { phase: 'Failed', reason: 'Evicted', message: 'low on memory' }
    const status = podStatus(testView({ pod }), options)
    assert.equal(status.phase, 'Failed')
    assert.equal(status.reason, 'Evicted')
  })

  test('names sidecars among the unready', () => {
    const pod = testPod({ initContainers: [testContainer('side', { restartPolicy: 'Always' })] })
    const view = testView({ pod, containers: [seen('main'), seen('side')], probes: new Map() })
    const ready = podStatus(view, options).conditions?.find(({ type }) => type === 'Ready')
    assert.equal(ready?.message, 'containers with unready status: [side main]')
  })
})
