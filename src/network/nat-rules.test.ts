import assert from 'node:assert/strict'
import { test } from 'node:test'
import { natRules } from './nat-rules.ts'
import type { ServicePortRoute } from './service-endpoints.ts'

const route = (over: Partial<ServicePortRoute>): ServicePortRoute => ({
  id: 'default/web:80/TCP',
  service: 'default/web',
  protocol: 'TCP',
  port: 80,
  clusterAddresses: ['10.64.128.7'],
  balancerAddresses: ['10.127.0.1'],
  backends: [
    { address: '10.64.64.2', port: 8080, node: 'a' },
    { address: '10.64.65.2', port: 8080, node: 'b' },
  ],
  ...over,
})

const rules = (routes: ServicePortRoute[]) =>
  natRules({
    table: 'ccs',
    routes,
    addressesOf: (r) => [...r.clusterAddresses, ...r.balancerAddresses],
    isLocal: (backend) => backend.node === 'a',
  })

test('natRules replaces the table in one transaction', () => {
  assert.match(rules([]), /^table ip ccs\ndelete table ip ccs\ntable ip ccs \{/)
})

test('natRules sends every address of a route to its backends in turn', () => {
  const text = rules([route({})])
  assert.match(text, /10\.64\.128\.7 \. tcp \. 80 : goto service_0/)
  assert.match(text, /10\.127\.0\.1 \. tcp \. 80 : goto service_0/)
  assert.match(
    text,
    /numgen inc mod 2 map \{ 0 : 10\.64\.64\.2 \. 8080, 1 : 10\.64\.65\.2 \. 8080 \}/,
  )
})

test('natRules lets only local backends call themselves through a service', () => {
  assert.match(rules([route({})]), /elements = \{ 10\.64\.64\.2 \. 10\.64\.64\.2 \}/)
})

test('natRules refuses connections to a service without backends', () => {
  const text = rules([route({ backends: [] })])
  assert.match(text, /set refused \{[^}]*elements = \{ 10\.64\.128\.7 \. tcp \. 80/)
  assert.doesNotMatch(text, /goto service_0/)
  for (const hook of ['forward', 'output', 'input'])
    assert.match(
      text,
      new RegExp(`hook ${hook} .*\\n.* tcp .*@refused counter reject with tcp reset\\n`),
    )
})

test('natRules gives an address that two services claim to the first', () => {
  const text = rules([route({}), route({ id: 'default/thief:80/TCP', service: 'default/thief' })])
  assert.equal(text.match(/10\.127\.0\.1 \. tcp \. 80 : goto/g)?.length, 1)
  assert.doesNotMatch(text, /thief/)
})

test('natRules keeps comments as short as nft wants them', () => {
  const id = `${'n'.repeat(63)}/${'s'.repeat(63)}:65535/TCP`
  assert.match(rules([route({ id })]), /comment "n{63}\/s{63}:"/)
})

test('natRules takes packets of other hosts only from the links it is given', () => {
  const rule = (linkPrefix?: string) =>
    /hook prerouting[^\n]*\n *([^\n]*)/.exec(
      natRules({
        table: 'ccs',
        routes: [route({})],
        addressesOf: (r) => r.balancerAddresses,
        isLocal: () => false,
        ...(linkPrefix === undefined ? {} : { linkPrefix }),
      }),
    )?.[1]
  assert.match(rule('ccsabc') ?? '', /^iifname "ccsabc\*" ip daddr/)
  assert.match(rule() ?? '', /^ip daddr/)
})
