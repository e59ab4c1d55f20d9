import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Pod, Service } from '#kinds/k8s/core.ts'
import { annotations } from './names.ts'
import { type Observed, serviceStatus } from './service-status.ts'

const service: ContainerService = {
  apiVersion: 'ccs.dev/v1alpha1',
  kind: 'ContainerService',
  metadata: { name: 'web', namespace: 'shop', generation: 3 },
  spec: { cluster: 'local', image: 'web', replicas: 2, ports: [{ port: 80 }] },
}

const deployment = (status: Deployment['status']): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', generation: 1 },
  spec: {
    selector: {},
    template: { spec: { containers: [{ name: 'web', image: 'web@sha256:1' }] } },
  },
  status: { observedGeneration: 1, ...status },
})

const observed = (over: Partial<Observed>): Observed => ({
  deployment: undefined,
  service: undefined,
  pods: [],
  problem: undefined,
  nowMs: 0,
  ...over,
})

const phaseOf = (over: Partial<Observed>) => serviceStatus(service, observed(over)).phase
const whyOf = (over: Partial<Observed>) =>
  serviceStatus(service, observed(over)).conditions?.[0]?.message

const done = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }

test('serviceStatus is Ready only when all instances are of the newest revision and ready', () => {
  assert.equal(phaseOf({ deployment: deployment(done) }), 'Ready')
  assert.equal(phaseOf({ deployment: deployment({ ...done, availableReplicas: 1 }) }), 'Updating')
  assert.equal(phaseOf({ deployment: deployment({ ...done, updatedReplicas: 1 }) }), 'Updating')
  assert.equal(phaseOf({ deployment: deployment({ ...done, replicas: 3 }) }), 'Updating')
  assert.equal(phaseOf({ deployment: deployment({ ...done, observedGeneration: 0 }) }), 'Pending')
  assert.equal(phaseOf({}), 'Pending')
})

test('serviceStatus is Degraded when an instance is lost after the rollout was complete', () => {
  const conditions = [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }]
  const lost = deployment({ ...done, availableReplicas: 1, conditions })
  assert.equal(phaseOf({ deployment: lost }), 'Degraded')
})

test('serviceStatus is Failed with the reason of the last reconcile', () => {
  const problem = { reason: 'ImageNotFound', message: 'no such image' }
  assert.equal(phaseOf({ deployment: deployment(done), problem }), 'Failed')
  assert.equal(whyOf({ problem }), 'no such image')
})

test('serviceStatus tells why an instance is not ready', () => {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1' },
    spec: { containers: [] },
    status: {
      containerStatuses: [
        {
          name: 'web',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
        },
      ],
    },
  }
  assert.match(
    whyOf({ deployment: deployment({ ...done, availableReplicas: 1 }), pods: [pod] }) ?? '',
    /1 of 2 instances ready; CrashLoopBackOff: back-off 10s/,
  )
})

test('serviceStatus has the URL on this computer and the name of the load balancer', () => {
  const balanced: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', annotations: { [annotations.hostPorts]: '{"80/TCP":20000}' } },
    spec: { ports: [{ port: 80, protocol: 'TCP' }] },
    status: { loadBalancer: { ingress: [{ ip: '10.127.0.1' }] } },
  }
  const status = serviceStatus(service, observed({ service: balanced }))
  assert.equal(status.url, 'http://127.0.0.1:20000')
  assert.equal(status.hostname, 'web.shop.local.ccs.internal')
})
