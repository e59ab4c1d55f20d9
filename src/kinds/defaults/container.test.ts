import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultContainer, defaultPullPolicy } from './container.ts'

test('defaultPullPolicy pulls a moving tag each time', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  const cases: Record<string, string> = {
    x: 'Always',
    'x:latest': 'Always',
    'localhost:5000/x': 'Always',
    'x:1': 'IfNotPresent',
    'localhost:5000/a/x:1': 'IfNotPresent',
    [`x@${digest}`]: 'IfNotPresent',
    [`x:latest@${digest}`]: 'Always',
    '': 'IfNotPresent',
  }
  for (const [image, policy] of Object.entries(cases))
    assert.equal(defaultPullPolicy(image), policy, image)
})

test('defaultContainer keeps what is set', () => {
  const container = {
    name: 'c',
    image: 'x',
    imagePullPolicy: 'Never' as const,
    livenessProbe: { httpGet: { port: 80, path: '/healthz' }, periodSeconds: 5 },
  }
  defaultContainer(container)
  assert.equal(container.imagePullPolicy, 'Never')
  assert.deepEqual(container.livenessProbe, {
    httpGet: { port: 80, path: '/healthz', scheme: 'HTTP' },
    periodSeconds: 5,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  })
})
