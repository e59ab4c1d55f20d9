import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResourceRequirements } from '#kinds/k8s/core.ts'
import { testPod } from '../pods/test-view.ts'
import { containerResources, podCpuRequestMilli, qosClassOf } from './container-resources.ts'

const machine = {
  allocatable: { cpu: '1500m', memory: '1Gi' },
  capacity: { cpu: '2', memory: '1000' },
  mayLowerOomScore: false,
}

const podOf = (resources: ResourceRequirements) =>
  testPod({ containers: [{ name: 'main', resources }] })

function resourcesOf(resources: ResourceRequirements) {
  const pod = podOf(resources)
  return containerResources(pod, pod.spec.containers[0]!, machine)
}

test('containerResources turns requests and limits into kernel units', () => {
  const resources = {
    requests: { cpu: '250m', memory: '100' },
    limits: { cpu: '500m', memory: '64Mi' },
  }
  assert.deepEqual(resourcesOf(resources), {
    cpuPeriod: 100_000,
    cpuQuota: 50_000,
    cpuShares: 256,
    memoryLimitInBytes: 64 * 1024 * 1024,
    oomScoreAdj: 900,
  })
})

test('containerResources of a container without any are the least', () => {
  assert.deepEqual(resourcesOf({}), {
    cpuPeriod: 100_000,
    cpuQuota: 0,
    cpuShares: 2,
    memoryLimitInBytes: 0,
    oomScoreAdj: 1_000,
  })
})

test('containerResources keeps quotas between the kernel least and the machine', () => {
  assert.equal(resourcesOf({ limits: { cpu: '8' } }).cpuQuota, 150_000)
  assert.equal(resourcesOf({ limits: { cpu: '1m' } }).cpuQuota, 1_000)
})

test('containerResources lowers the OOM score only where that is allowed', () => {
  const all = { cpu: '1', memory: '1' }
  const pod = podOf({ requests: all, limits: all })
  const [container] = pod.spec.containers
  assert.equal(containerResources(pod, container!, machine).oomScoreAdj, 0)
  const able = { ...machine, mayLowerOomScore: true }
  assert.equal(containerResources(pod, container!, able).oomScoreAdj, -997)
})

test('qosClassOf derives the class where the status has none', () => {
  assert.equal(qosClassOf(podOf({})), 'BestEffort')
  assert.equal(qosClassOf(podOf({ requests: { cpu: '1' } })), 'Burstable')
  assert.equal(qosClassOf(podOf({ limits: { cpu: '1', memory: '1' } })), 'Guaranteed')
})

test('podCpuRequestMilli adds up containers and sidecars', () => {
  const cpu = (milli: number) => ({ resources: { requests: { cpu: `${milli}m` } } })
  const pod = testPod({
    containers: [
      { name: 'a', ...cpu(100) },
      { name: 'b', resources: { limits: { cpu: '50m' } } },
    ],
    initContainers: [
      { name: 'once', ...cpu(900) },
      { name: 'side', restartPolicy: 'Always', ...cpu(7) },
    ],
  })
  assert.equal(podCpuRequestMilli(pod), 157)
})
