import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PodAction } from './plan-builder.ts'
import { planPod } from './plan-pod.ts'
import { planRemoval } from './plan-removal.ts'
import type { PodView } from './pod-view.ts'
import { NOW_MS, readySandbox, seen, testContainer, testPod, testView } from './test-view.ts'

/** An action in one word, for tables. */
function brief(action: PodAction): string {
  switch (action.type) {
    case 'start-container':
      return `start ${action.name} #${action.attempt}`
    case 'stop-container':
      return `stop ${action.id} ${action.graceSeconds}s`
    case 'begin-stop':
      return `begin-stop ${action.id} ${action.graceSeconds}s`
    case 'create-sandbox':
      return `create sandbox #${action.attempt}`
    case 'stop-sandbox':
    case 'remove-sandbox':
    case 'remove-container':
      return `${action.type} ${action.id}`
    case 'prepare-volumes':
    case 'confirm-deletion':
    case 'clean-up':
      return action.type
  }
}

const dead = { ...readySandbox, state: 'not-ready' } as const
const old = { ...dead, id: 's-old' }
const deleted = (seconds: number) => ({
  deletionTimestamp: new Date(NOW_MS + seconds * 1000).toISOString(),
  deletionGracePeriodSeconds: 30,
})
const inits = {
  initContainers: [testContainer('first'), testContainer('side', { restartPolicy: 'Always' })],
}
const never = { restartPolicy: 'Never' } as const
const failedProbe = (kind: 'liveness' | 'startup') =>
  new Map([['main-0', { started: true, ready: false, failed: kind }]])
const hooked = {
  containers: [
    testContainer('main', { lifecycle: { postStart: { sleep: { seconds: 9 } } } }),
    testContainer('next'),
  ],
}
const onExit = (operator: string, ...values: number[]) => ({
  restartPolicyRules: [{ action: 'Restart', exitCodes: { operator, values } }],
})
const exited = (more = {}) => seen('main', { state: 'exited', exitCode: 1, ...more })

const situations: [string, Partial<PodView>, string[]][] = [
  ['new pod', { sandboxes: [], volumesReady: false }, ['prepare-volumes', 'create sandbox #0']],
  ['volumes are late', { volumesReady: false, busy: new Set(['volumes']) }, []],
  ['sandbox is ready', {}, ['start main #0']],
  ['start is under way', { busy: new Set(['container:main']) }, []],
  ['start failed a moment ago', { notBeforeMs: new Map([['container:main', NOW_MS + 5]]) }, []],
  [
    'start failed long ago',
    { notBeforeMs: new Map([['container:main', NOW_MS]]) },
    ['start main #0'],
  ],
  ['all runs', { containers: [seen('main')] }, []],
  [
    'made but not started',
    { containers: [seen('main', { state: 'created' })] },
    ['remove-container main-0'],
  ],
  [
    'made by a start that is under way',
    { containers: [seen('main', { state: 'created' })], busy: new Set(['container:main']) },
    [],
  ],
  ['first crash', { containers: [exited()] }, ['start main #1']],
  ['second crash', { containers: [exited({ attempt: 1 })] }, []],
  [
    'second crash, 10 s later',
    { containers: [exited({ attempt: 1 })], nowMs: NOW_MS + 10_000 },
    ['start main #2'],
  ],
  ['crash, never restarted', { pod: testPod(never), containers: [exited()] }, ['stop-sandbox s-0']],
  [
    'crash, restarted on failure',
    { pod: testPod({ restartPolicy: 'OnFailure' }), containers: [exited()] },
    ['start main #1'],
  ],
  [
    'success, restarted on failure',
    { pod: testPod({ restartPolicy: 'OnFailure' }), containers: [exited({ exitCode: 0 })] },
    ['stop-sandbox s-0'],
  ],
  [
    'liveness failed',
    { containers: [seen('main')], probes: failedProbe('liveness') },
    ['stop main-0 30s'],
  ],
  [
    'liveness failed, stop under way',
    {
      containers: [seen('main')],
      probes: failedProbe('liveness'),
      killAtMs: new Map([['main-0', NOW_MS + 30_000]]),
    },
    [],
  ],
  [
    'liveness failed, the probe has a grace period of its own',
    {
      pod: testPod({
        containers: [
          testContainer('main', { livenessProbe: { terminationGracePeriodSeconds: 7 } }),
        ],
      }),
      containers: [seen('main')],
      probes: failedProbe('liveness'),
    },
    ['stop main-0 7s'],
  ],
  [
    'startup failed, the liveness probe has a grace period of its own',
    {
      pod: testPod({
        containers: [
          testContainer('main', { livenessProbe: { terminationGracePeriodSeconds: 7 } }),
        ],
      }),
      containers: [seen('main')],
      probes: failedProbe('startup'),
    },
    ['stop main-0 30s'],
  ],
  [
    'postStart hook failed',
    { containers: [seen('main')], failedHooks: new Set(['main-0']) },
    ['stop main-0 30s'],
  ],
  ['a postStart hook holds back what follows', { pod: testPod(hooked) }, ['start main #0']],
  [
    'postStart hook is under way',
    { pod: testPod(hooked), containers: [seen('main')], busy: new Set(['container:main']) },
    [],
  ],
  [
    'postStart hook is over',
    { pod: testPod(hooked), containers: [seen('main')] },
    ['start next #0'],
  ],
  [
    'crash, a container that is never restarted beside one that is',
    {
      pod: testPod({ containers: [testContainer('main', never), testContainer('next')] }),
      containers: [exited(), seen('next')],
    },
    [],
  ],
  [
    'crash, never restarted but for this exit code',
    {
      pod: testPod({ containers: [testContainer('main', { ...never, ...onExit('In', 1) })] }),
      containers: [exited()],
    },
    ['start main #1'],
  ],
  [
    'crash, never restarted but for other exit codes',
    {
      pod: testPod({ containers: [testContainer('main', { ...never, ...onExit('NotIn', 1) })] }),
      containers: [exited()],
    },
    ['stop-sandbox s-0'],
  ],
  ['image changed', { containers: [seen('main', { hash: 'other' })] }, ['stop main-0 30s']],
  [
    'sandbox died, container too',
    { sandboxes: [dead], containers: [exited()] },
    ['stop-sandbox s-0'],
  ],
  [
    'dead sandbox is stopped',
    { sandboxes: [dead], containers: [exited()], stoppedSandboxes: new Set(['s-0']) },
    ['create sandbox #1'],
  ],
  [
    'sandbox died, container runs',
    { sandboxes: [dead], containers: [seen('main')] },
    ['stop main-0 30s'],
  ],
  [
    'after a machine restart',
    { sandboxes: [{ ...readySandbox, id: 's-1', attempt: 1 }, dead], containers: [exited()] },
    ['start main #1'],
  ],
  [
    'the API remembers restarts',
    {
      pod: {
        ...testPod(),
        status: {
          containerStatuses: [
            {
              name: 'main',
              image: '',
              imageID: '',
              ready: false,
              restartCount: 4,
              containerID: 'containerd://x',
            },
          ],
        },
      },
    },
    ['start main #5'],
  ],
  ['init first', { pod: testPod(inits) }, ['start first #0']],
  ['init runs', { pod: testPod(inits), containers: [seen('first')] }, []],
  [
    'init done, sidecar next',
    { pod: testPod(inits), containers: [seen('first', { state: 'exited' })] },
    ['start side #0'],
  ],
  [
    'sidecar runs, main next',
    { pod: testPod(inits), containers: [seen('side'), seen('first', { state: 'exited' })] },
    ['start main #0'],
  ],
  [
    'sidecar not started yet',
    {
      pod: testPod(inits),
      containers: [seen('side'), seen('first', { state: 'exited' })],
      probes: new Map(),
    },
    [],
  ],
  [
    'sidecar died later',
    {
      pod: testPod(inits),
      containers: [
        seen('main'),
        seen('side', { state: 'exited', exitCode: 1 }),
        seen('first', { state: 'exited' }),
      ],
    },
    ['start side #1'],
  ],
  [
    'init failed for good',
    {
      pod: testPod({ ...inits, ...never }),
      containers: [seen('first', { state: 'exited', exitCode: 2 })],
    },
    ['stop-sandbox s-0'],
  ],
  [
    'old starts are forgotten',
    {
      containers: [
        seen('main', { attempt: 2 }),
        exited({ attempt: 1 }),
        exited({ sandboxId: 's-old' }),
      ],
      sandboxes: [readySandbox, old],
    },
    ['remove-container main-0', 'remove-sandbox s-old'],
  ],
  ['deleted', { pod: testPod({}, deleted(30)), containers: [seen('main')] }, ['stop main-0 30s']],
  [
    'deleted, most of the time used',
    { pod: testPod({}, deleted(4)), containers: [seen('main')] },
    ['stop main-0 4s'],
  ],
  [
    'deleted long ago',
    { pod: testPod({}, deleted(-60)), containers: [seen('main')] },
    ['stop main-0 1s'],
  ],
  [
    'deleted again with less time',
    {
      pod: testPod({}, deleted(2)),
      containers: [seen('main')],
      killAtMs: new Map([['main-0', NOW_MS + 30_000]]),
    },
    ['stop main-0 2s'],
  ],
  [
    'deleted, sidecar goes last',
    { pod: testPod(inits, deleted(30)), containers: [seen('main'), seen('side')] },
    ['stop main-0 30s', 'begin-stop side-0 30s'],
  ],
  [
    'deleted, sidecar was told',
    {
      pod: testPod(inits, deleted(30)),
      containers: [seen('main'), seen('side')],
      stopping: new Set(['side-0']),
    },
    ['stop main-0 30s'],
  ],
  [
    'deleted, time is up for all',
    { pod: testPod(inits, deleted(0)), containers: [seen('main'), seen('side')] },
    ['stop main-0 1s', 'stop side-0 1s'],
  ],
  [
    'over, only the sidecar runs, part of its time used',
    {
      pod: testPod({ ...inits, ...never }),
      containers: [exited(), seen('side')],
      endingSinceMs: NOW_MS - 10_000,
    },
    ['stop side-0 20s'],
  ],
  [
    'deleted, only the sidecar runs',
    { pod: testPod(inits, deleted(30)), containers: [exited(), seen('side')] },
    ['stop side-0 30s'],
  ],
  [
    'deleted, a start is under way',
    { pod: testPod({}, deleted(30)), busy: new Set(['container:main']) },
    [],
  ],
  [
    'deleted, nothing runs',
    { pod: testPod({}, deleted(30)), containers: [exited()] },
    ['stop-sandbox s-0'],
  ],
  [
    'deleted, all is stopped',
    { pod: testPod({}, deleted(30)), containers: [exited()], stoppedSandboxes: new Set(['s-0']) },
    ['confirm-deletion'],
  ],
  [
    'deleted before anything began',
    { pod: testPod({}, deleted(30)), sandboxes: [] },
    ['confirm-deletion'],
  ],
  [
    'past its deadline',
    {
      pod: {
        ...testPod({ activeDeadlineSeconds: 5 }),
        status: { startTime: new Date(NOW_MS - 6_000).toISOString() },
      },
      containers: [seen('main')],
    },
    ['stop main-0 30s'],
  ],
]

describe('planPod', () => {
  for (const [situation, view, expected] of situations)
    test(`${situation}: ${expected.join(', ') || 'nothing'}`, () => {
      assert.deepEqual(planPod(testView(view)).actions.map(brief), expected)
    })

  test('wakes when the back-off is over', () => {
    const view = testView({ containers: [exited({ attempt: 1 })] })
    assert.equal(planPod(view).wakeAtMs, NOW_MS + 10_000)
  })

  test('wakes at the deadline', () => {
    const pod = testPod({ activeDeadlineSeconds: 5 })
    pod.status = { startTime: new Date(NOW_MS).toISOString() }
    const view = testView({ pod, containers: [seen('main')] })
    // The start is only known to the second.
    assert.equal(planPod(view).wakeAtMs, NOW_MS + 5_999)
  })
})

describe('planRemoval', () => {
  const steps: [string, Partial<PodView>, string[]][] = [
    ['containers first', { containers: [seen('main')] }, ['stop main-0 7s']],
    ['then the sandbox', { containers: [exited()] }, ['stop-sandbox s-0']],
    ['then its record', { stoppedSandboxes: new Set(['s-0']) }, ['remove-sandbox s-0']],
    ['then the files', { sandboxes: [] }, ['clean-up']],
    ['not while something is under way', { sandboxes: [], busy: new Set(['sandbox']) }, []],
  ]
  for (const [step, view, expected] of steps)
    test(step, () => {
      assert.deepEqual(planRemoval(testView(view), 7).actions.map(brief), expected)
    })
})
