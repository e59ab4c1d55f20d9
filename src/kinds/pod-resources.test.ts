import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Container, PodSpec } from './k8s/core.ts'
import { isLimited, podLimits, podRequests, qosClassOf } from './pod-resources.ts'

type Amounts = Record<string, string>

function container(name: string, requests: Amounts, limits: Amounts = {}): Container {
  return { name, image: 'x:1', resources: { requests, limits } }
}

const pod = (spec: Partial<PodSpec>) => ({ spec: { containers: [], ...spec } })
const cpu = (amount: string): Amounts => ({ cpu: amount })

describe('podRequests', () => {
  test('adds up the containers', () => {
    const containers = [
      container('a', { cpu: '100m', memory: '64Mi' }),
      container('b', { cpu: '0.4', 'example.com/gpu': '2' }),
    ]
    assert.deepEqual(podRequests(pod({ containers })), {
      cpu: 500,
      memory: 64 * 1024 * 1024,
      'example.com/gpu': 2,
    })
  })

  test('takes the largest init container when it needs more than the containers', () => {
    const containers = [container('a', cpu('100m'))]
    const initContainers = [container('i', cpu('1')), container('j', cpu('500m'))]
    assert.deepEqual(podRequests(pod({ containers, initContainers })), { cpu: 1000 })
  })

  test('counts a sidecar beside the containers and the init containers after it', () => {
    const sidecar = { ...container('s', cpu('200m')), restartPolicy: 'Always' }
    const initContainers = [container('first', cpu('900m')), sidecar, container('i', cpu('800m'))]
    const few = pod({ containers: [container('a', cpu('100m'))], initContainers })
    assert.deepEqual(podRequests(few), { cpu: 1000 })
    const many = pod({ containers: [container('a', cpu('2'))], initContainers })
    assert.deepEqual(podRequests(many), { cpu: 2200 })
  })

  test('adds the overhead, and what is said for the whole pod stands over its containers', () => {
    const containers = [container('a', cpu('100m'))]
    assert.deepEqual(podRequests(pod({ containers, overhead: cpu('50m') })), { cpu: 150 })
    const whole = pod({ containers, resources: { requests: cpu('1') } })
    assert.deepEqual(podRequests(whole), { cpu: 1000 })
  })
})

test('podLimits bounds a pod only where every container is limited', () => {
  const limited = container('a', {}, { cpu: '1', memory: '1Gi' })
  const open = container('b', {}, { memory: '1Gi' })
  const both = pod({ containers: [limited, open] })
  assert.deepEqual(podLimits(both), { cpu: 1000, memory: 2 * 1024 ** 3 })
  assert.equal(isLimited(both, 'memory'), true)
  assert.equal(isLimited(both, 'cpu'), false)
})

describe('qosClassOf', () => {
  const full = { cpu: '1', memory: '1Gi' }
  const cases: [string, Container[], string][] = [
    ['nothing requested', [container('a', {})], 'BestEffort'],
    ['only a device requested', [container('a', { 'example.com/gpu': '1' })], 'BestEffort'],
    ['limits equal to requests', [container('a', full, full)], 'Guaranteed'],
    [
      'the same amount written otherwise',
      [container('a', { cpu: '1000m', memory: '1024Mi' }, full)],
      'Guaranteed',
    ],
    ['limits above requests', [container('a', { ...full, cpu: '500m' }, full)], 'Burstable'],
    ['one container without', [container('a', full, full), container('b', {})], 'Burstable'],
    ['only CPU limited', [container('a', cpu('1'), cpu('1'))], 'Burstable'],
  ]
  for (const [name, containers, expected] of cases)
    test(`${name}: ${expected}`, () => {
      assert.equal(qosClassOf(pod({ containers })), expected)
    })

  test('an init container counts', () => {
    const spec = { containers: [container('a', full, full)], initContainers: [container('i', {})] }
    assert.equal(qosClassOf(pod(spec)), 'Burstable')
  })
})
