import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerService, ContainerServiceSpec } from '#kinds/ccs/container-service.ts'
import { desiredObjects } from './desired-objects.ts'

function desired(over: Partial<ContainerServiceSpec> = {}, notes: Record<string, string> = {}) {
  const service: ContainerService = {
    apiVersion: 'ccs.dev/v1alpha1',
    kind: 'ContainerService',
    metadata: { name: 'web', namespace: 'shop', annotations: notes },
    spec: { cluster: 'local', image: 'web:1', replicas: 2, ports: [{ port: 80 }], ...over },
  }
  const revision = { revision: 3, changes: ['image a -> b', 'env X added'] }
  return desiredObjects(service, { image: 'web@sha256:1', source: 'web:1' }, revision)
}

const podOf = (over?: Partial<ContainerServiceSpec>) => desired(over).deployment.spec.template.spec!
const containerOf = (over?: Partial<ContainerServiceSpec>) => podOf(over).containers[0]!

test('desiredObjects checks the first TCP port, sleeps before it stops and spreads, unless told otherwise', () => {
  const { readinessProbe, lifecycle } = containerOf()
  assert.deepEqual(readinessProbe?.tcpSocket, { port: 80 })
  assert.equal(readinessProbe?.periodSeconds, 1)
  assert.equal(lifecycle?.preStop?.sleep?.seconds, 2)
  assert.equal(podOf().terminationGracePeriodSeconds, 32)
  assert.deepEqual(
    podOf().topologySpreadConstraints?.map((rule) => [rule.topologyKey, rule.whenUnsatisfiable]),
    [
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
      ['kubernetes.io/hostname', 'ScheduleAnyway'],
    ],
  )
})

test('desiredObjects follows what is said of readiness, drain and spread', () => {
  const http = containerOf({ readiness: { type: 'HTTP', path: '/up', port: 9, timeoutSeconds: 4 } })
  assert.deepEqual(http.readinessProbe?.httpGet, { port: 9, path: '/up' })
  assert.equal(http.readinessProbe?.tcpSocket, undefined)
  assert.equal(http.readinessProbe?.timeoutSeconds, 4)
  assert.equal(containerOf({ readiness: { type: 'None' } }).readinessProbe, undefined)
  assert.equal(podOf({ drainSeconds: 20 }).terminationGracePeriodSeconds, 50)
  assert.equal(containerOf({ drainSeconds: 0 }).lifecycle, undefined)
  assert.equal(podOf({ spread: 'None' }).topologySpreadConstraints, undefined)
  const [rule] = podOf({ spread: 'Required' }).topologySpreadConstraints!
  assert.equal(rule?.whenUnsatisfiable, 'DoNotSchedule')
})

test('desiredObjects of a UDP service has no check, of one without ports no drain and no address', () => {
  const udp = desired({ ports: [{ port: 53, protocol: 'UDP' }] })
  assert.equal(udp.deployment.spec.template.spec!.containers[0]!.readinessProbe, undefined)
  assert.deepEqual(udp.service?.spec.ports, [
    { name: 'udp-53', port: 53, targetPort: 53, protocol: 'UDP' },
  ])
  const worker = desired({ ports: [] })
  assert.equal(worker.service, undefined)
  assert.equal(worker.deployment.spec.template.spec!.containers[0]!.lifecycle, undefined)
  assert.equal(desired({ access: 'None' }).service, undefined)
  assert.equal(desired({ access: 'Cluster' }).service?.spec.type, 'ClusterIP')
})

test('desiredObjects names a port of the container once, and both that lead to it', () => {
  const ports = [
    { port: 80, targetPort: 8080 },
    { port: 8080 },
    { port: 8080, protocol: 'UDP' as const },
  ]
  const { deployment, service } = desired({ ports })
  assert.deepEqual(
    deployment.spec.template.spec!.containers[0]!.ports?.map((port) => port.name),
    ['tcp-80', 'udp-8080'],
  )
  assert.deepEqual(
    service?.spec.ports?.map((port) => [port.name, port.targetPort]),
    [
      ['tcp-80', 8080],
      ['tcp-8080', 8080],
      ['udp-8080', 8080],
    ],
  )
})

test('desiredObjects writes amounts as Kubernetes stores them', () => {
  const { resources } = containerOf({ resources: { limits: { cpu: '1000m', memory: '1024Mi' } } })
  assert.deepEqual(resources?.limits, { cpu: '1', memory: '1Gi' })
})

test('desiredObjects restarts by an annotation of the pod template', () => {
  const { template } = desired({}, { 'ccs.dev/restarted-at': 'now' }).deployment.spec
  assert.deepEqual(template.metadata?.annotations, { 'ccs.dev/restarted-at': 'now' })
})

test('desiredObjects lets a value of the user stand over what instances are told of themselves', () => {
  const env = containerOf({ env: [{ name: 'POD_NAME', value: 'x' }, { name: 'EMPTY' }] }).env
  assert.deepEqual(
    env?.map(({ name, value }) => [name, value]),
    [
      ['POD_IP', undefined],
      ['NODE_NAME', undefined],
      ['POD_NAME', 'x'],
      ['EMPTY', undefined],
    ],
  )
})

test('desiredObjects tells kubectl rollout history which revision it is and why', () => {
  const { annotations } = desired().deployment.metadata
  assert.equal(annotations?.['ccs.dev/revision'], '3')
  assert.equal(annotations['kubernetes.io/change-cause'], 'revision 3: image a -> b, env X added')
})
