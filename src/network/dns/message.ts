// DNS messages on the wire: a question in, an answer out.
import assert from 'node:assert/strict'
import dnsPacket, { type Answer, type DecodedPacket, type Packet } from 'dns-packet'
import type { DnsRecord, DnsReply } from './answer.ts'

/** Without EDNS a UDP answer is at most this long; what is longer is asked for again over TCP. */
export const UDP_ANSWER_BYTES_MAX = 512
const EDNS_ANSWER_BYTES_MAX = 1232

const RCODE = { ok: 0, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const
export type Rcode = keyof typeof RCODE

/** Undefined for what is no DNS query: such packets get no answer at all. */
export function decodeQuery(bytes: Buffer): DecodedPacket | undefined {
  try {
    const packet = dnsPacket.decode(bytes)
    return packet.type === 'query' && packet.questions?.length === 1 ? packet : undefined
  } catch (error) {
    // Whatever the decoder stumbles over, the packet was malformed.
    assert(error instanceof Error)
    return undefined
  }
}

const toAnswer = (record: DnsRecord): Answer => ({ ...record, class: 'IN' }) as Answer

function negativeAuthority(zone: string): Answer {
  return {
    type: 'SOA',
    name: zone,
    ttl: 5,
    data: {
      mname: `ns.dns.${zone}`,
      rname: `hostmaster.${zone}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86400,
      minimum: 5,
    },
  }
}

function encode(query: DecodedPacket, rcode: Rcode, parts: Partial<Packet>): Buffer {
  const recursionDesired = (query.flags ?? 0) & dnsPacket.RECURSION_DESIRED
  return dnsPacket.encode({
    type: 'response',
    id: query.id ?? 0,
    flags:
      RCODE[rcode] |
      recursionDesired |
      dnsPacket.RECURSION_AVAILABLE |
      dnsPacket.AUTHORITATIVE_ANSWER,
    questions: query.questions ?? [],
    ...parts,
  })
}

export function encodeReply(
  query: DecodedPacket,
  reply: Exclude<DnsReply, { kind: 'forward' }>,
): Buffer {
  if (reply.kind === 'no-such-name')
    return encode(query, 'noSuchName', { authorities: [negativeAuthority(reply.zone)] })
  return encode(query, 'ok', {
    answers: reply.records.map(toAnswer),
    additionals: (reply.additionals ?? []).map(toAnswer),
  })
}

export const encodeFailure = (query: DecodedPacket, rcode: Rcode) => encode(query, rcode, {})

/** An answer that fits UDP: whole, or empty with the mark that makes the client ask over TCP. */
export function fitUdp(query: DecodedPacket, reply: Buffer): Buffer {
  const edns = query.additionals?.find((record) => record.type === 'OPT')
  const limit = edns ? EDNS_ANSWER_BYTES_MAX : UDP_ANSWER_BYTES_MAX
  if (reply.length <= limit) return reply
  const truncated = encode(query, 'ok', {})
  // TC is bit 9 of the flags (RFC 1035, 4.1.1).
  truncated[2] = truncated[2]! | 0x02
  return truncated
}
