import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EdgeState, NamedService } from '../edge-state.ts'
import { answerQuestion, type Asker, type DnsReply } from './answer.ts'

const service = (over: Partial<NamedService>): NamedService => ({
  namespace: 'default',
  name: 'web',
  addresses: ['10.64.128.7'],
  hosts: {},
  ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  ...over,
})

const state: EdgeState = {
  version: 1,
  clusters: [
    {
      name: 'local',
      gatewayAddress: '10.64.1.1',
      forwards: [],
      services: [
        service({ balancer: '10.127.0.1' }),
        service({ name: 'db', addresses: ['10.64.64.2'], hosts: { 'db-0': ['10.64.64.2'] } }),
        service({
          name: 'set',
          addresses: ['10.64.64.7', '10.64.64.8'],
          hosts: { 'set-0': ['10.64.64.7'], '10-64-64-8': ['10.64.64.8'] },
          hostPorts: [
            { host: 'set-0', name: 'http', protocol: 'TCP', port: 8080 },
            { host: '10-64-64-8', name: 'http', protocol: 'TCP', port: 9090 },
          ],
        }),
        service({ name: 'out', addresses: [], externalName: 'example.org' }),
      ],
    },
  ],
}

const ask = (name: string, type = 'A', asker: Asker = { cluster: 'local' }): DnsReply =>
  answerQuestion(state, asker, { name, type })

function dataOf(reply: DnsReply): unknown[] {
  assert.equal(reply.kind, 'answer')
  return reply.kind === 'answer' ? reply.records.map((record) => record.data) : []
}

const cases: [string, string, Asker, unknown][] = [
  ['web.default.svc.cluster.local', 'A', { cluster: 'local' }, ['10.64.128.7']],
  ['WEB.Default.svc.Cluster.local', 'A', { cluster: 'local' }, ['10.64.128.7']],
  ['web.default.svc.cluster.local', 'AAAA', { cluster: 'local' }, []],
  ['db-0.db.default.svc.cluster.local', 'A', { cluster: 'local' }, ['10.64.64.2']],
  ['out.default.svc.cluster.local', 'A', { cluster: 'local' }, ['example.org']],
  ['registry.ccs.internal', 'A', { cluster: 'local' }, ['10.64.1.1']],
  ['registry.ccs.internal', 'A', 'host', ['127.0.0.1']],
  ['web.default.local.ccs.internal', 'A', 'host', ['10.127.0.1']],
  ['web.default.local.ccs.internal', 'A', { cluster: 'local' }, ['10.127.0.1']],
  ['set-0.set.default.svc.cluster.local', 'A', { cluster: 'local' }, ['10.64.64.7']],
  ['10-64-64-8.set.default.svc.cluster.local', 'A', { cluster: 'local' }, ['10.64.64.8']],
  ['7.64.64.10.in-addr.arpa', 'PTR', { cluster: 'local' }, ['set-0.set.default.svc.cluster.local']],
  ['10-64-64-9.default.pod.cluster.local', 'A', { cluster: 'local' }, ['10.64.64.9']],
  ['default.pod.cluster.local', 'A', { cluster: 'local' }, []],
  ['7.128.64.10.in-addr.arpa', 'PTR', { cluster: 'local' }, ['web.default.svc.cluster.local']],
]
for (const [name, type, asker, expected] of cases)
  test(`answerQuestion answers ${type} ${name} for ${asker === 'host' ? asker : 'a pod'}`, () => {
    assert.deepEqual(dataOf(ask(name, type, asker)), expected)
  })

test('answerQuestion gives an SRV record with the address of its target', () => {
  const reply = ask('_http._tcp.web.default.svc.cluster.local', 'SRV')
  assert.deepEqual(dataOf(reply), [
    { priority: 0, weight: 100, port: 80, target: 'web.default.svc.cluster.local' },
  ])
  assert.equal(reply.kind === 'answer' && reply.additionals?.[0]?.data, '10.64.128.7')
})

for (const name of [
  'none.default.svc.cluster.local',
  'web.other.svc.cluster.local',
  'a.b.c.d.web.default.svc.cluster.local',
  'db.default.local.ccs.internal',
])
  test(`answerQuestion says that ${name} does not exist`, () => {
    assert.equal(ask(name).kind, 'no-such-name')
  })

test('answerQuestion gives an SRV record for each pod of a headless service, at its own port', () => {
  const reply = ask('_http._tcp.set.default.svc.cluster.local', 'SRV')
  assert.deepEqual(dataOf(reply), [
    { priority: 0, weight: 50, port: 8080, target: 'set-0.set.default.svc.cluster.local' },
    { priority: 0, weight: 50, port: 9090, target: '10-64-64-8.set.default.svc.cluster.local' },
  ])
})

test('answerQuestion knows no pod by what is no address', () => {
  for (const name of ['web.default.pod', '1-2-3.default.pod', 'x.10-0-0-1.default.pod', 'none.pod'])
    assert.equal(ask(`${name}.cluster.local`).kind, 'no-such-name', name)
})

test('answerQuestion leaves names of others to the resolvers of the host', () => {
  assert.equal(ask('example.org').kind, 'forward')
  assert.equal(ask('web.default.svc.cluster.local', 'A', 'host').kind, 'forward')
  assert.equal(ask('1.2.0.192.in-addr.arpa', 'PTR').kind, 'forward')
})
