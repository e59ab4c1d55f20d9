import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { seededRandom } from '#base/random.ts'
import type { Container, Secret } from '#kinds/k8s/core.ts'
import { fakeRuntime } from '../runtime/fake-runtime.ts'
import { wholeImageName } from './image-name.ts'
import { type ImageError, ImagePuller } from './image-puller.ts'
import { credentialsIn, registryOf } from './pull-secrets.ts'

function setup() {
  const clock = fakeClock()
  const runtime = fakeRuntime(clock)
  const puller = new ImagePuller({ runtime, clock, random: seededRandom(1) })
  const told: string[] = []
  const ensure = (image: string, more: Partial<Container> = {}, podUid = 'u') =>
    puller.ensure({
      podUid,
      container: { name: 'main', image, ...more },
      credentials: [],
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
  return { clock, runtime, puller, told, ensure, failure }
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

describe('registryOf', () => {
  const rows: [string, string][] = [
    ['busybox', 'docker.io'],
    ['library/busybox:1', 'docker.io'],
    ['ghcr.io/a/b', 'ghcr.io'],
    ['localhost/a', 'localhost'],
    ['localhost:5000/a:1', 'localhost:5000'],
  ]
  for (const [image, registry] of rows)
    test(`${image} is at ${registry}`, () => assert.equal(registryOf(image), registry))
})

describe('credentialsIn', () => {
  const secretOf = (key: string, value: unknown): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { [key]: Buffer.from(JSON.stringify(value)).toString('base64') },
  })
  const auth = Buffer.from('me:pass:word').toString('base64')

  test('finds the registry of the image', () => {
    const secret = secretOf('.dockerconfigjson', {
      auths: { 'https://ghcr.io/v2/': { auth }, 'other.io': { username: 'x', password: 'y' } },
    })
    assert.deepEqual(credentialsIn(secret, 'ghcr.io/a/b:1'), [
      { username: 'me', password: 'pass:word' },
    ])
    assert.deepEqual(credentialsIn(secret, 'other.io/a'), [{ username: 'x', password: 'y' }])
    assert.deepEqual(credentialsIn(secret, 'third.io/a'), [])
  })

  test('knows the names of Docker Hub and the old format', () => {
    const secret = secretOf('.dockercfg', { 'https://index.docker.io/v1/': { auth } })
    assert.equal(credentialsIn(secret, 'busybox').length, 1)
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
