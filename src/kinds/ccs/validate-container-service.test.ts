import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CCS_API_VERSION } from './group.ts'
import type { ContainerService, ContainerServiceSpec } from './container-service.ts'
import { validateContainerService } from './validate-container-service.ts'

const service = (over: Partial<ContainerServiceSpec>): ContainerService => ({
  apiVersion: CCS_API_VERSION,
  kind: 'ContainerService',
  metadata: { name: 'web', namespace: 'default' },
  spec: { cluster: 'local', image: 'web:1', ports: [{ port: 80 }], ...over },
})

const wrong = (over: Partial<ContainerServiceSpec>) =>
  validateContainerService(service(over)).map(({ field, message }) => `${field}: ${message}`)

test('validateContainerService takes what is right', () => {
  for (const over of [
    {},
    { image: 'docker.io/library/nginx@sha256:' + '0'.repeat(64) },
    { ports: [], readiness: { type: 'TCP' as const } },
    { ports: [{ port: 53, protocol: 'UDP' as const }, { port: 53 }] },
    { readiness: { type: 'HTTP' as const, path: '/health' } },
    { resources: { requests: { cpu: '250m' }, limits: { cpu: 1, 'example.com/gpu': 1 } } },
  ])
    assert.deepEqual(wrong(over), [], JSON.stringify(over))
})

test('validateContainerService says what is wrong, where, and what was meant', () => {
  const cases: [Partial<ContainerServiceSpec>, RegExp][] = [
    [{ image: 'Web:1' }, /^spec\.image: Invalid value: "Web:1": is not an image name: write/],
    [{ image: 'web:' }, /^spec\.image:/],
    [
      { resources: { requests: { cpu: '2' }, limits: { cpu: '500m' } } },
      /^spec\.resources\.requests: Invalid value: "2": must be less than or equal to cpu limit of 500m/,
    ],
    [
      { resources: { limits: { mem: '1Gi' } } },
      /^spec\.resources\.limits\[mem\]:.*one of cpu, memory.*Did you mean "memory"\?/,
    ],
    [{ resources: { requests: { memory: 'lots' } } }, /^spec\.resources:.*quantit/],
    [{ resources: { requests: { memory: '-1' } } }, /greater than or equal to 0/],
    [
      { ports: [{ port: 80 }, { port: 81, name: 'tcp-80' }] },
      /^spec\.ports\[1\]\.name: Duplicate value: "tcp-80"/,
    ],
    [{ ports: [{ port: 80, name: '80' }] }, /^spec\.ports\[0\]\.name:.*at least one letter/],
    [{ env: [{ name: 'A=B', value: '' }] }, /^spec\.env\[0\]\.name: Invalid value: "A=B"/],
    [{ readiness: { path: '/x' } }, /^spec\.readiness\.path:.*type HTTP/],
    [{ readiness: { type: 'None', port: 80 } }, /^spec\.readiness\.port:.*TCP or HTTP/],
    [
      { readiness: { type: 'HTTP' }, ports: [{ port: 53, protocol: 'UDP' }] },
      /^spec\.readiness\.port: Required value: the service has no TCP port/,
    ],
  ]
  for (const [over, message] of cases) {
    const found = wrong(over)
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0]!, message)
  }
})
