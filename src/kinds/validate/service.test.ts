import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serviceKind, type Service } from '../service.ts'

function errorsOf(spec: Service['spec']): string[] {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'n' },
    spec: structuredClone(spec),
  }
  serviceKind.defaults(service)
  serviceKind.prepare!(service, undefined, undefined)
  return serviceKind
    .validate(service, undefined)
    .map(({ field, message }) => `${field}: ${message}`)
}

const cases: Record<string, [spec: Service['spec'], ...errors: string[]]> = {
  'one port': [{ ports: [{ port: 80 }] }],
  'no ports': [{}, 'spec.ports: Required value'],
  'headless without ports': [{ clusterIP: 'None' }],
  'an external name': [{ type: 'ExternalName', externalName: 'example.com.' }],
  'no external name': [{ type: 'ExternalName' }, 'spec.externalName: Required value'],
  'an unknown type': [
    { type: 'Magic' as 'ClusterIP', ports: [{ port: 80 }] },
    'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  ],
  'a port twice': [
    {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    },
    'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
  ],
  'one port for both protocols': [
    {
      ports: [
        { name: 'a', port: 53 },
        { name: 'b', port: 53, protocol: 'UDP' },
      ],
    },
  ],
  'a node port inside the cluster only': [
    { ports: [{ port: 80, nodePort: 30_080 }] },
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
  'an unknown target port': [
    { ports: [{ port: 80, targetPort: 'no_name' }] },
    'spec.ports[0].targetPort: Invalid value: "no_name": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ],
  'an affinity for too long': [
    {
      ports: [{ port: 80 }],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 90_000 } },
    },
    'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 90000: must be greater than 0 and less than 86400',
  ],
  'an address that is none': [
    { clusterIP: 'here', ports: [{ port: 80 }] },
    'spec.clusterIPs[0]: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  'a policy for traffic that cannot come': [
    { ports: [{ port: 80 }], externalTrafficPolicy: 'Local' },
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  ],
}

describe('a service', () => {
  for (const [name, [spec, ...errors]] of Object.entries(cases))
    test(name, () => {
      assert.deepEqual(errorsOf(spec), errors)
    })
})

test('a service that is written again without its address and node port keeps them', () => {
  const old: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'n' },
    spec: {
      type: 'NodePort',
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1'],
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30_080 }],
    },
  }
  const next: Service = { ...old, spec: { type: 'NodePort', ports: [{ port: 80 }] } }
  serviceKind.defaults(next)
  serviceKind.prepare!(next, old, undefined)
  assert.equal(next.spec.clusterIP, '10.0.0.1')
  assert.deepEqual(next.spec.clusterIPs, ['10.0.0.1'])
  assert.equal(next.spec.ports![0]!.nodePort, 30_080)
  assert.deepEqual(serviceKind.validate(next, old), [])
})
