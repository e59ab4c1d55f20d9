import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testPod } from '../pods/test-view.ts'
import { dnsConfigOf } from './dns-config.ts'
import { hostnameOf, hostsFile, kernelHostname } from './hosts-file.ts'

const cluster = { address: '10.0.0.10', domain: 'cluster.local' }

test('dnsConfigOf searches the namespace first', () => {
  assert.deepEqual(dnsConfigOf(testPod(), cluster), {
    servers: ['10.0.0.10'],
    searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    options: ['ndots:5'],
  })
})

test('dnsConfigOf searches nothing in the network of the machine', () => {
  const expected = { servers: ['10.0.0.10'], searches: [], options: [] }
  assert.deepEqual(dnsConfigOf(testPod({ hostNetwork: true }), cluster), expected)
  assert.deepEqual(dnsConfigOf(testPod({ dnsPolicy: 'Default' }), cluster), expected)
})

test('dnsConfigOf adds what the pod asks for', () => {
  const dnsConfig = {
    nameservers: ['1.1.1.1'],
    searches: ['example.com'],
    options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
  }
  const { servers, searches, options } = dnsConfigOf(testPod({ dnsConfig }), cluster)
  assert.deepEqual(servers, ['10.0.0.10', '1.1.1.1'])
  assert.equal(searches.at(-1), 'example.com')
  assert.deepEqual(options, ['ndots:2', 'rotate'])
  assert.deepEqual(dnsConfigOf(testPod({ dnsPolicy: 'None', dnsConfig }), cluster).servers, [
    '1.1.1.1',
  ])
})

test('hostnameOf cuts long names at a DNS label', () => {
  const name = `${'a'.repeat(62)}-b`
  assert.equal(hostnameOf(testPod({}, { name })), 'a'.repeat(62))
})

test('hostsFile names the pod and its aliases', () => {
  const pod = testPod({
    hostname: 'h',
    subdomain: 'sub',
    hostAliases: [{ ip: '10.1.1.1', hostnames: ['a', 'b'] }],
  })
  const lines = hostsFile(pod, ['10.9.64.5'], 'cluster.local').split('\n')
  assert.ok(lines.includes('10.9.64.5\th.sub.shop.svc.cluster.local\th'))
  assert.ok(lines.includes('10.1.1.1\ta\tb'))
})

test('hostsFile of a pod in the network of the machine names the machine', () => {
  const pod = testPod({ hostNetwork: true, hostAliases: [{ ip: '10.1.1.1', hostnames: ['a'] }] })
  const lines = hostsFile(pod, ['10.64.0.11'], 'cluster.local').split('\n')
  assert.equal(lines[0], '# Kubernetes-managed hosts file (host network).')
  assert.ok(lines.includes('10.64.0.11\tm1'))
  assert.ok(lines.includes('10.1.1.1\ta'))
})

test('kernelHostname is the full name where the pod wants that and has one', () => {
  const named = (spec: object, name = 'web') =>
    kernelHostname(testPod({ subdomain: 'sub', ...spec }, { name }), 'cluster.local')
  assert.equal(named({}), 'web')
  assert.equal(named({ setHostnameAsFQDN: true }), 'web.sub.shop.svc.cluster.local')
  assert.equal(named({ setHostnameAsFQDN: true, subdomain: '' }), 'web')
  assert.throws(
    () => named({ setHostnameAsFQDN: true }, 'a'.repeat(40)),
    /FQDN a+\.sub\.shop\.svc\.cluster\.local is too long \(64 characters is the max, 67 characters/,
  )
})
