import assert from 'node:assert/strict'
import { test } from 'node:test'
import dnsPacket from 'dns-packet'
import { decodeQuery, encodeReply, fitUdp, UDP_ANSWER_BYTES_MAX } from './message.ts'

const query = (name = 'web.default.svc.cluster.local') =>
  dnsPacket.encode({
    type: 'query',
    id: 7,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: 'A', name }],
  })

test('decodeQuery takes queries with one question and nothing else', () => {
  assert.equal(decodeQuery(query())?.questions?.[0]?.name, 'web.default.svc.cluster.local')
  assert.equal(decodeQuery(Buffer.from('no dns')), undefined)
  assert.equal(decodeQuery(Buffer.alloc(0)), undefined)
  assert.equal(decodeQuery(dnsPacket.encode({ type: 'response', id: 1, questions: [] })), undefined)
})

test('encodeReply keeps id and question and sets the result', () => {
  const asked = decodeQuery(query())!
  const found = dnsPacket.decode(
    encodeReply(asked, {
      kind: 'answer',
      records: [{ type: 'A', name: 'web.default.svc.cluster.local', ttl: 5, data: '10.0.0.1' }],
    }),
  )
  assert.equal(found.id, 7)
  assert.equal(found.answers?.length, 1)
  const none = dnsPacket.decode(encodeReply(asked, { kind: 'no-such-name', zone: 'cluster.local' }))
  assert.equal((none as { rcode?: string }).rcode, 'NXDOMAIN')
  assert.equal(none.authorities?.[0]?.type, 'SOA')
})

test('fitUdp marks an answer that is too long as truncated', () => {
  const asked = decodeQuery(query())!
  const records = Array.from({ length: 60 }, (_, i) => ({
    type: 'A' as const,
    name: 'web.default.svc.cluster.local',
    ttl: 5,
    data: `10.0.0.${i}`,
  }))
  const long = encodeReply(asked, { kind: 'answer', records })
  assert.ok(long.length > UDP_ANSWER_BYTES_MAX)
  const fitted = dnsPacket.decode(fitUdp(asked, long))
  assert.equal(fitted.flag_tc, true)
  assert.equal(fitted.answers?.length, 0)
})
