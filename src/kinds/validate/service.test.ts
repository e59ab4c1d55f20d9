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
  'an address in the wrong place': [
    { externalIPs: ['127.0.0.1', '0.0.0.0', 'x', '192.0.2.7'], ports: [{ port: 80 }] },
    'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
    'spec.externalIPs[2]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  'families that do not fit': [
    { clusterIP: '10.0.0.1', ipFamilies: ['IPv6', 'IPv6'], ports: [{ port: 80 }] },
    'spec.ipFamilies[1]: Duplicate value: "IPv6"',
    'spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`',
  ],
  'a headless node port': [
    { type: 'NodePort', clusterIP: 'None', ports: [{ port: 80 }] },
    'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services',
  ],
  'an external name with an address': [
    { type: 'ExternalName', externalName: 'example.com', clusterIP: '10.0.0.1' },
    'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
  ],
  'who may come to what has no balancer': [
    { loadBalancerSourceRanges: ['10.0.0.0/8 ', '10.0.0.0'], ports: [{ port: 80 }] },
    "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    'spec.LoadBalancerSourceRanges[1]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  'a health check that nobody asks': [
    { type: 'LoadBalancer', healthCheckNodePort: 30_000, ports: [{ port: 80 }] },
    "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
  ],
  "the kubelet's port": [
    { type: 'LoadBalancer', ports: [{ port: 10_250 }] },
    'spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet',
  ],
  'an unknown distribution': [
    { trafficDistribution: 'PreferFar', ports: [{ port: 80 }] },
    'spec.trafficDistribution: Unsupported value: "PreferFar": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
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

function updated(old: Service['spec'], change: Partial<Service['spec']>) {
  const before: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'n' },
    spec: structuredClone(old),
  }
  serviceKind.defaults(before)
  const next = { ...before, spec: { ...structuredClone(before.spec), ...change } }
  serviceKind.defaults(next)
  serviceKind.prepare!(next, before, undefined)
  const errors = serviceKind.validate(next, before)
  return { spec: next.spec, errors: errors.map(({ field, message }) => `${field}: ${message}`) }
}

const balanced: Service['spec'] = {
  type: 'LoadBalancer',
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1'],
  ipFamilies: ['IPv4'],
  externalTrafficPolicy: 'Local',
  healthCheckNodePort: 30_001,
  loadBalancerClass: 'example.com/mine',
  ports: [{ name: 'web', port: 80, nodePort: 30_080 }],
}

test('a load balancer of another type loses what only it had', () => {
  const { spec, errors } = updated(balanced, { type: 'ClusterIP' })
  assert.deepEqual(errors, [])
  assert.deepEqual(spec.ports, [{ name: 'web', port: 80, protocol: 'TCP', targetPort: 80 }])
  for (const key of [
    'externalTrafficPolicy',
    'healthCheckNodePort',
    'loadBalancerClass',
    'allocateLoadBalancerNodePorts',
  ] as const)
    assert.equal(spec[key], undefined, key)
})

test('a load balancer that takes traffic at every node is asked about none', () => {
  const { spec, errors } = updated(balanced, { externalTrafficPolicy: 'Cluster' })
  assert.deepEqual([errors, spec.healthCheckNodePort], [[], undefined])
})

test('a port keeps its node port by its name, whatever else of it changes', () => {
  const ports = [
    { name: 'new', port: 80 },
    { name: 'web', port: 8080 },
  ]
  const { spec } = updated(balanced, { ports })
  assert.deepEqual(
    spec.ports?.map(({ name, nodePort }) => `${name} ${nodePort}`),
    ['new undefined', 'web 30080'],
  )
})

test('what a service is known by stays', () => {
  const changes: [Partial<Service['spec']>, string][] = [
    [
      { clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'] },
      'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
    ],
    [
      { ipFamilies: ['IPv6'] },
      'spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set',
    ],
    [
      { loadBalancerClass: 'example.com/other' },
      'spec.loadBalancerClass: Invalid value: "example.com/other": may not change once set',
    ],
  ]
  for (const [change, error] of changes) assert.ok(updated(balanced, change).errors.includes(error))
  assert.deepEqual(
    updated(balanced, { type: 'ExternalName', externalName: 'a.example' }).errors,
    [],
  )
})
