import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PodSecurityContext, SecurityContext } from '#kinds/k8s/core.ts'
import { testPod } from '../pods/test-view.ts'
import type { RuntimeImage } from '../runtime/runtime.ts'
import { containerSecurity } from './security-context.ts'

const image = (user: Partial<RuntimeImage> = {}): RuntimeImage => ({
  id: 'sha256:1',
  repoTags: [],
  repoDigests: [],
  sizeBytes: 1,
  uid: undefined,
  username: '',
  ...user,
})

function security(
  own: SecurityContext,
  whole: PodSecurityContext = {},
  user: Partial<RuntimeImage> = {},
) {
  const container = { name: 'main', securityContext: own }
  const pod = testPod({ containers: [container], securityContext: whole })
  return containerSecurity(pod, container, image(user))
}

describe('a container runs', () => {
  const rows: [string, SecurityContext, PodSecurityContext, Partial<RuntimeImage>, object][] = [
    ['as root where nobody says anything', {}, {}, {}, { runAsUser: { value: 0 } }],
    ["as its image's user", {}, {}, { uid: 7 }, { runAsUser: { value: 7 } }],
    ["as its image's user by name", {}, {}, { username: 'app' }, { runAsUsername: 'app' }],
    ["as its pod's user", {}, { runAsUser: 8 }, { uid: 7 }, { runAsUser: { value: 8 } }],
    ['as its own user', { runAsUser: 9 }, { runAsUser: 8 }, {}, { runAsUser: { value: 9 } }],
    [
      'with a group, also where no user is given',
      { runAsGroup: 3 },
      {},
      {},
      { runAsUser: { value: 0 }, runAsGroup: { value: 3 } },
    ],
    [
      'with a group beside the user of its image',
      {},
      { runAsGroup: 3 },
      { username: 'app' },
      { runAsUsername: 'app', runAsGroup: { value: 3 } },
    ],
  ]
  for (const [what, own, whole, user, expected] of rows)
    test(what, () => {
      const { runAsUser, runAsUsername, runAsGroup } = security(own, whole, user)
      const given = Object.entries({ runAsUser, runAsUsername, runAsGroup })
      assert.deepEqual(Object.fromEntries(given.filter(([, value]) => value)), expected)
    })
})

describe('runAsNonRoot refuses', () => {
  const where = '(pod: "web_shop(u-1)", container: main)'
  const rows: [SecurityContext, Partial<RuntimeImage>, string][] = [
    [{}, {}, `container has runAsNonRoot and image will run as root ${where}`],
    [{}, { uid: 0 }, `container has runAsNonRoot and image will run as root ${where}`],
    [{ runAsUser: 0 }, { uid: 7 }, `container's runAsUser breaks non-root policy ${where}`],
    [
      {},
      { username: 'app' },
      `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root ${where}`,
    ],
  ]
  for (const [own, user, message] of rows)
    test(message, () =>
      assert.throws(() => security({ ...own, runAsNonRoot: true }, {}, user), { message }),
    )

  test('nobody else', () => {
    security({ runAsUser: 1 }, { runAsNonRoot: true })
    security({}, { runAsNonRoot: true }, { uid: 7 })
    security({ runAsNonRoot: false }, { runAsNonRoot: true })
  })
})

test('fsGroup is one more group of every container', () => {
  const { supplementalGroups } = security({}, { supplementalGroups: [5], fsGroup: 6 })
  assert.deepEqual(supplementalGroups, [5, 6])
})

test('what tells of the computer is hidden unless the container is privileged', () => {
  assert.ok(security({}).maskedPaths.includes('/proc/kcore'))
  assert.deepEqual(security({ privileged: true }).maskedPaths, [])
  assert.equal(security({ privileged: true }).seccomp.profileType, 'Unconfined')
})
