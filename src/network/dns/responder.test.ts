import assert from 'node:assert/strict'
import { test } from 'node:test'
import dnsPacket, { type Answer } from 'dns-packet'
import { silentLogger } from '#base/log.ts'
import type { EdgeState, NamedService } from '../edge-state.ts'
import { createResponder } from './responder.ts'
import type { ForwardQuery } from './upstream.ts'

const service = (over: Partial<NamedService>): NamedService => ({
  namespace: 'default',
  name: 'web',
  addresses: ['10.64.128.7'],
  hosts: {},
  ports: [],
  ...over,
})

const alias = (name: string, externalName: string) => service({ name, addresses: [], externalName })

const many = Array.from({ length: 60 }, (_, i) => `10.64.64.${i}`)

const state: EdgeState = {
  version: 1,
  clusters: [
    {
      name: 'local',
      gatewayAddress: '10.64.1.1',
      forwards: [],
      services: [
        service({}),
        service({ name: 'many', addresses: many }),
        alias('out', 'example.org'),
        alias('in', 'web.default.svc.cluster.local'),
        alias('loop', 'loop.default.svc.cluster.local'),
        alias('nowhere', 'none.default.svc.cluster.local'),
      ],
    },
  ],
}

const query = (name: string, over: dnsPacket.Packet = {}, type: 'A' | 'CNAME' = 'A') =>
  dnsPacket.encode({
    type: 'query',
    id: 7,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type, name }],
    ...over,
  })

const cluster = (name: string) => `${name}.default.svc.cluster.local`

function responder(forward?: ForwardQuery) {
  return createResponder({
    asker: { cluster: 'local' },
    state: () => state,
    forward,
    log: silentLogger,
  })
}

/** The host's resolvers: every name has one address. */
const internet: ForwardQuery = async (bytes) => {
  const asked = dnsPacket.decode(bytes)
  const { name } = asked.questions![0]!
  const answers: Answer[] = [{ type: 'A', name, ttl: 60, data: '192.0.2.9' }]
  return dnsPacket.encode({ type: 'response', id: asked.id!, questions: asked.questions!, answers })
}

interface Seen {
  rcode: string
  data: unknown[]
  isTruncated: boolean
  options: number
}

async function ask(bytes: Buffer, forward: ForwardQuery = internet): Promise<Seen> {
  const reply = await responder(forward)(bytes, 'udp')
  assert.ok(reply)
  const packet = dnsPacket.decode(reply)
  assert.equal(packet.id, 7)
  return {
    rcode: (packet as unknown as { rcode: string }).rcode,
    data: (packet.answers ?? []).map((answer) => ('data' in answer ? answer.data : undefined)),
    isTruncated: packet.flag_tc,
    options: (packet.additionals ?? []).filter(({ type }) => type === 'OPT').length,
  }
}

test('createResponder answers our names itself and others by the host', async () => {
  assert.deepEqual((await ask(query(cluster('web')))).data, ['10.64.128.7'])
  assert.deepEqual((await ask(query('example.com'))).data, ['192.0.2.9'])
})

test('createResponder follows an alias out of the cluster and inside it', async () => {
  assert.deepEqual((await ask(query(cluster('out')))).data, ['example.org', '192.0.2.9'])
  assert.deepEqual((await ask(query(cluster('in')))).data, [cluster('web'), '10.64.128.7'])
})

test('createResponder gives the alias alone to who asks for it, or when there is no more', async () => {
  assert.deepEqual((await ask(query(cluster('out'), {}, 'CNAME'))).data, ['example.org'])
  assert.deepEqual((await ask(query(cluster('nowhere')))).data, [cluster('none')])
  const silent: ForwardQuery = async () => undefined
  assert.deepEqual((await ask(query(cluster('out')), silent)).data, ['example.org'])
})

test('createResponder ends a circle of aliases', async () => {
  const { rcode, data } = await ask(query(cluster('loop')))
  assert.equal(rcode, 'NOERROR')
  assert.ok(data.length < 20)
})

test('createResponder says what failed: no server, none that answers, one that breaks', async () => {
  const refused = await responder()(query('example.com'), 'udp')
  assert.equal((dnsPacket.decode(refused!) as unknown as { rcode: string }).rcode, 'REFUSED')
  assert.equal((await ask(query('example.com'), async () => undefined)).rcode, 'SERVFAIL')
  const broken: ForwardQuery = () => Promise.reject(new Error('no resolv.conf'))
  assert.equal((await ask(query('example.com'), broken)).rcode, 'SERVFAIL')
})

test('createResponder bounds the questions that wait for the host', async () => {
  let waiting = 0
  const respond = responder(() => {
    waiting++
    return new Promise(() => undefined)
  })
  for (let i = 0; i < 500; i++) void respond(query('example.com'), 'udp')
  const reply = await respond(query('example.com'), 'udp')
  assert.equal((dnsPacket.decode(reply!) as unknown as { rcode: string }).rcode, 'SERVFAIL')
  assert.equal(waiting, 500)
})

test('createResponder truncates over UDP what its asker cannot take', async () => {
  const options = (udpPayloadSize: number) =>
    ({ type: 'OPT', name: '.', udpPayloadSize, flags: 0, options: [] }) as unknown as Answer
  const bytes = query(cluster('many'))
  assert.equal((await ask(bytes)).isTruncated, true)
  const small = await ask(query(cluster('many'), { additionals: [options(512)] }))
  assert.deepEqual([small.isTruncated, small.data.length, small.options], [true, 0, 1])
  const overTcp = dnsPacket.decode((await responder()(bytes, 'tcp'))!)
  assert.equal(overTcp.answers?.length, many.length)
  assert.equal(overTcp.flag_tc, false)
})

test('createResponder answers EDNS with EDNS alone', async () => {
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [] }
  const bytes = query(cluster('web'), { additionals: [opt as unknown as Answer] })
  assert.equal((await ask(bytes)).options, 1)
  assert.equal((await ask(query(cluster('web')))).options, 0)
})

test('createResponder does no updates, answers types it has never heard of, and no noise', async () => {
  const update = query(cluster('web'))
  update[2] = update[2]! | 0x28
  assert.equal((await ask(update)).rcode, 'NOTIMP')
  const https = query(cluster('web'))
  https.writeUInt16BE(65, https.length - 4)
  assert.deepEqual(await ask(https), {
    rcode: 'NOERROR',
    data: [],
    isTruncated: false,
    options: 0,
  })
  assert.equal(await responder()(Buffer.from('noise'), 'udp'), undefined)
})
