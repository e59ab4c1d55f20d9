import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serviceKind } from '../service.ts'
import { made } from '../test-errors.ts'
import { blockWarnings } from './addresses.ts'

const FUTURE = 'will be considered invalid in a future Kubernetes release'

const services: Record<string, [spec: object, ...warnings: string[]]> = {
  'a plain service': [{ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }],
  'an address of an old form': [
    { clusterIP: '010.0.0.1', clusterIPs: ['010.0.0.1'], loadBalancerIP: '::ffff:1.2.3.4' },
    `spec.clusterIPs[0]: non-standard IP address "010.0.0.1" ${FUTURE}: use "10.0.0.1"`,
    `spec.loadBalancerIP: non-standard IP address "::ffff:1.2.3.4" ${FUTURE}: use "1.2.3.4"`,
  ],
  'a headless service': [
    {
      clusterIP: 'None',
      loadBalancerIP: '1.2.3.4',
      externalIPs: ['1.2.3.4'],
      sessionAffinity: 'ClientIP',
    },
    'spec.loadBalancerIP is ignored for headless services',
    'spec.externalIPs is ignored for headless services',
    'spec.SessionAffinity is ignored for headless services',
  ],
  'addresses of others': [
    { externalIPs: ['1.2.3.4'], externalName: 'a', trafficDistribution: 'PreferClose' },
    'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    'spec.externalName is ignored when spec.type is not "ExternalName"',
    'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  ],
  'another name': [
    { type: 'ExternalName', externalName: 'a', externalIPs: ['1.2.3.4'] },
    'spec.externalIPs is ignored when spec.type is "ExternalName"',
  ],
}

describe('what is told of a service that is accepted', () => {
  for (const [name, [spec, ...warnings]] of Object.entries(services))
    test(name, () => {
      const service = made(serviceKind, { spec: { ports: [{ port: 80 }], ...spec } as object })
      assert.deepEqual(serviceKind.warnings!(service, undefined), warnings)
    })
})

const blocks: Record<string, string[]> = {
  '192.12.2.0/24': [],
  '2001:db8::/64': [],
  '192.12.2.0/024': [`b: non-standard CIDR value "192.12.2.0/024" ${FUTURE}: use "192.12.2.0/24"`],
  '192.12.2.8/24': [
    'b: CIDR value "192.12.2.8/24" is ambiguous in this context (should be "192.12.2.0/24" or "192.12.2.8/32"?)',
  ],
  '192.012.2.8/24': [
    'b: CIDR value "192.012.2.8/24" is ambiguous in this context (should be "192.12.2.0/24" or "192.12.2.8/32"?)',
    `b: non-standard CIDR value "192.012.2.8/24" ${FUTURE}: use "192.12.2.0/24"`,
  ],
  '::ffff:192.12.2.0/120': [
    `b: non-standard CIDR value "::ffff:192.12.2.0/120" ${FUTURE}: use "192.12.2.0/24"`,
  ],
  '2001:db8:0:0::/64': [
    'b: IPv6 CIDR value "2001:db8:0:0::/64" should be in RFC 5952 canonical format ("2001:db8::/64")',
  ],
  '2001:db8::1/64': [
    'b: CIDR value "2001:db8::1/64" is ambiguous in this context (should be "2001:db8::/64" or "2001:db8::1/128"?)',
  ],
}

describe('what is told of a block of addresses', () => {
  for (const [block, warnings] of Object.entries(blocks))
    test(block, () => assert.deepEqual(blockWarnings(block, 'b'), warnings))
})
