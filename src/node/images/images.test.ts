import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { seededRandom } from '#base/random.ts'
import type { Container, Secret } from '#kinds/k8s/core.ts'
import type { Credentials } from '../runtime/runtime.ts'
import { fakeRuntime } from '../runtime/fake-runtime.ts'
import { wholeImageName } from './image-name.ts'
import { type ImageError, ImagePuller } from './image-puller.ts'
import { PulledImages } from './pulled-images.ts'
import { credentialsFor } from './pull-secrets.ts'

function setup() {
  const clock = fakeClock()
  const runtime = fakeRuntime(clock)
  const puller = new ImagePuller({
    runtime,
    clock,
    random: seededRandom(1),
    pulled: new PulledImages({ random: seededRandom(2) }),
  })
  const told: string[] = []
  const given: { credentials: Credentials[]; shared: Credentials | undefined } = {
    credentials: [],
    shared: undefined,
  }
  const ensure = (image: string, more: Partial<Container> = {}, podUid = 'u') =>
    puller.ensure({
      podUid,
      container: { name: 'main', image, ...more },
      ...given,
      events: {
        present: () => told.push('present'),
        pulling: () => told.push('pulling'),
        pulled: () => told.push('pulled'),
      },
    })
  const failure = async (image: string, more?: Partial<Container>, podUid?: string) => {
    const error = await ensure(image, more, podUid).then(
      () => assert.fail('the image came'),
      (rejected: unknown) => rejected as ImageError,
    )
    return error.waiting
  }
  return { clock, runtime, puller, told, given, ensure, failure }
}

describe('ImagePuller', () => {
  test('takes an image that is present', async () => {
    const s = setup()
    s.runtime.present.add('app:1')
    assert.equal((await s.ensure('app:1')).id, 'sha256:app:1')
    assert.deepEqual(s.told, ['present'])
  })

  test('pulls what is missing', async () => {
    const s = setup()
    s.runtime.pullable.add('app:1')
    await s.ensure('app:1')
    assert.deepEqual(s.told, ['pulling', 'pulled'])
  })

  test('asks the registry each time for the latest', async () => {
    const s = setup()
    for (const image of ['app', 'app:latest', 'host:5000/app']) {
      s.runtime.present.add(image)
      s.runtime.pullable.add(image)
      await s.ensure(image)
    }
    assert.equal(s.runtime.calls.filter((call) => call.startsWith('pullImage')).length, 3)
  })

  test('refuses what is no image name without asking anybody', async () => {
    const s = setup()
    for (const image of ['', 'app:1 ', 'two words', 'App', 'a//b', 'app:', 'app@sha256:12', '-a']) {
      const { reason, message } = await s.failure(image)
      assert.equal(reason, 'InvalidImageName', image)
      assert.match(message ?? '', /invalid reference format/)
    }
    assert.deepEqual(s.runtime.calls, [])
    for (const image of [
      'app',
      'Host.example:5000/a/b__c.d-e:V1',
      '[::1]:5000/app',
      `registry.ccs.internal/p/app:1@sha256:${'0a'.repeat(32)}`,
    ]) {
      s.runtime.present.add(image)
      await s.ensure(image, { imagePullPolicy: 'IfNotPresent' })
    }
  })

  test('never pulls where that is the policy', async () => {
    const s = setup()
    s.runtime.pullable.add('app:1')
    const { reason } = await s.failure('app:1', { imagePullPolicy: 'Never' })
    assert.equal(reason, 'ErrImageNeverPull')
  })

  test('pulls an image once for all that want it at the same time', async () => {
    const s = setup()
    s.runtime.pullable.add('app:1')
    const pods = ['a', 'b', 'c']
    await Promise.all(pods.map((uid) => s.ensure('app:1', {}, uid)))
    assert.equal(s.runtime.calls.filter((call) => call.startsWith('pullImage')).length, 1)
    assert.deepEqual(s.told.toSorted(), [...pods.map(() => 'pulled'), ...pods.map(() => 'pulling')])
    await s.ensure('app:1', { imagePullPolicy: 'Always' })
    assert.equal(s.runtime.calls.filter((call) => call.startsWith('pullImage')).length, 2)
  })

  test("asks the registry again for those who did not pull an image with another's Secret", async () => {
    const s = setup()
    const me = { username: 'me', password: 'p' }
    s.runtime.pullable.add('app:1')
    s.given.credentials = [me]
    await s.ensure('app:1')
    await s.ensure('app:1')
    assert.deepEqual(s.told, ['pulling', 'pulled', 'present'])
    s.runtime.pullable.delete('app:1')
    s.given.credentials = [{ ...me, password: 'q' }]
    assert.equal((await s.failure('app:1')).reason, 'ErrImagePull')
    s.given.credentials = []
    assert.deepEqual(await s.failure('app:1', { imagePullPolicy: 'Never' }), {
      reason: 'ErrImageNeverPull',
      message:
        'Container image "app:1" is present with pull policy of Never but does not have the proper credentials to access the image',
    })
    // Where the registry gives it to anybody, it is anybody's from then on.
    s.runtime.pullable.add('app:1')
    await s.ensure('app:1', {}, 'other')
    await s.ensure('app:1', { imagePullPolicy: 'Never' })
    assert.equal(s.told.at(-1), 'present')
  })

  test("leaves to all what came with the cluster's own credentials", async () => {
    const s = setup()
    s.runtime.pullable.add('app:1')
    s.given.shared = { username: 'cluster', password: 'p' }
    await s.ensure('app:1')
    s.given.shared = undefined
    await s.ensure('app:1')
    assert.deepEqual(s.told, ['pulling', 'pulled', 'present'])
  })

  test('backs off from a pull that failed, 10 s first, for this pod only', async () => {
    const s = setup()
    assert.deepEqual(await s.failure('app:1'), {
      reason: 'ErrImagePull',
      message: 'app:1: not found',
    })
    assert.deepEqual(await s.failure('app:1'), {
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "app:1": ErrImagePull: app:1: not found',
    })
    assert.equal(s.puller.retryAtMs('u', 'app:1'), s.clock.now() + 10_000)
    assert.equal((await s.failure('app:1', {}, 'other')).reason, 'ErrImagePull')
    await s.clock.advance(10_000)
    assert.equal((await s.failure('app:1')).reason, 'ErrImagePull')
    assert.equal(s.puller.retryAtMs('u', 'app:1'), s.clock.now() + 20_000)
    s.runtime.pullable.add('app:1')
    await s.clock.advance(20_000)
    await s.ensure('app:1')
    assert.equal(s.puller.retryAtMs('u', 'app:1'), undefined)
  })
})

describe('credentialsFor', () => {
  const secretOf = (auths: object, type = 'kubernetes.io/dockerconfigjson'): Secret => {
    const isNew = type === 'kubernetes.io/dockerconfigjson'
    const text = JSON.stringify(isNew ? { auths } : auths)
    const key = isNew ? '.dockerconfigjson' : '.dockercfg'
    const data = { [key]: Buffer.from(text).toString('base64') }
    return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type, data }
  }
  const as = (username: string) => ({ username, password: 'p' })
  const names = (secrets: Secret[], image: string) =>
    credentialsFor(secrets, image).map(({ username }) => username)

  const rows: [entry: string, image: string, matches: boolean][] = [
    ['ghcr.io', 'ghcr.io/a/b:1', true],
    ['https://ghcr.io', 'ghcr.io/a', true],
    ['https://ghcr.io/v2/', 'ghcr.io/a', true],
    ['ghcr.io', 'ghcr.io:5000/a', false],
    ['ghcr.io:5000', 'ghcr.io:5000/a', true],
    ['ghcr.io/team', 'ghcr.io/team/a', true],
    ['ghcr.io/team', 'ghcr.io/other/a', false],
    ['*.example.com', 'registry.example.com/a', true],
    ['*.example.com', 'a.registry.example.com/a', false],
    ['*.*.example.com', 'a.registry.example.com/a', true],
    ['*.example.com', 'example.com/a', false],
    ['prefix.*.io', 'prefix.example.io/a', true],
    ['reg*.example.com/team', 'registry.example.com/team/a', true],
    ['localhost:5000', 'localhost:5000/a', true],
    ['https://index.docker.io/v1/', 'busybox', true],
    ['https://index.docker.io/v1/', 'team/app:1', true],
    ['docker.io', 'docker.io/library/busybox', true],
    ['docker.io', 'busybox', true],
    ['https://index.docker.io/v1/', 'ghcr.io/busybox', false],
  ]
  for (const [entry, image, matches] of rows)
    test(`${entry} is ${matches ? '' : 'not '}for ${image}`, () =>
      assert.deepEqual(names([secretOf({ [entry]: as('me') })], image), matches ? ['me'] : []))

  test('gives the most particular first, and all that match', () => {
    const first = secretOf({ 'ghcr.io': as('one'), 'ghcr.io/team': as('team') })
    const second = secretOf({ 'ghcr.io': as('two'), 'quay.io': as('other') })
    assert.deepEqual(names([first, second], 'ghcr.io/team/a'), ['team', 'one', 'two'])
  })

  test('reads both formats, and a password with colons', () => {
    const auth = Buffer.from('me:pass:word').toString('base64')
    const entry = { 'ghcr.io': { auth, username: 'not', password: 'me' } }
    for (const type of ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg'])
      assert.deepEqual(credentialsFor([secretOf(entry, type)], 'ghcr.io/a'), [
        { username: 'me', password: 'pass:word' },
      ])
  })

  test('takes nothing from Secrets of other types, and names one that is broken', () => {
    const other = { ...secretOf({ 'ghcr.io': as('me') }), type: 'Opaque' }
    assert.deepEqual(names([other], 'ghcr.io/a'), [])
    const broken = { ...secretOf({}), data: { '.dockerconfigjson': 'bm90IGpzb24=' } }
    assert.throws(() => names([broken], 'ghcr.io/a'), /of secret "s" is not JSON/)
  })
})

test('wholeImageName adds what may be left out', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const names: Record<string, string> = {
    nginx: 'docker.io/library/nginx:latest',
    'nginx:1': 'docker.io/library/nginx:1',
    'team/app': 'docker.io/team/app:latest',
    'localhost/app': 'localhost/app:latest',
    'registry:5000/app': 'registry:5000/app:latest',
    'ghcr.io/a/b:2': 'ghcr.io/a/b:2',
    [`app@${digest}`]: `docker.io/library/app@${digest}`,
  }
  for (const [name, whole] of Object.entries(names)) assert.equal(wholeImageName(name), whole)
})
