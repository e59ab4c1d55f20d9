// DNS messages on the wire: a question in, an answer out.
import assert from 'node:assert/strict'
import dnsPacket, {
  type Answer,
  type DecodedPacket,
  type Packet,
  type RecordType,
} from 'dns-packet'
import type { DnsQuestion, DnsRecord, DnsReply } from './answer.ts'

/** Without EDNS a UDP answer is at most this long; what is longer is asked for again over TCP. */
export const UDP_ANSWER_BYTES_MAX = 512
const EDNS_ANSWER_BYTES_MAX = 1232

const EDNS_OPTIONS = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: EDNS_ANSWER_BYTES_MAX,
  flags: 0,
  options: [],
} as unknown as Answer

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

/** Not an update, a notification or another of the rare operations (RFC 1035, 4.1.1, OPCODE). */
export const isStandardQuery = (query: DecodedPacket) => ((query.flags ?? 0) & 0x7800) === 0

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

const optionsOf = (packet: DecodedPacket) =>
  packet.additionals?.find((record) => record.type === 'OPT')

function encode(query: DecodedPacket, rcode: Rcode, parts: Partial<Packet>): Buffer {
  const recursionDesired = (query.flags ?? 0) & dnsPacket.RECURSION_DESIRED
  const isOurs = rcode === 'ok' || rcode === 'noSuchName'
  // Who speaks EDNS is answered in EDNS (RFC 6891, 6.1.1).
  const options = optionsOf(query) === undefined ? [] : [EDNS_OPTIONS]
  return dnsPacket.encode({
    type: 'response',
    id: query.id ?? 0,
    flags:
      RCODE[rcode] |
      recursionDesired |
      dnsPacket.RECURSION_AVAILABLE |
      (isOurs ? dnsPacket.AUTHORITATIVE_ANSWER : 0),
    questions: query.questions ?? [],
    ...parts,
    additionals: [...(parts.additionals ?? []), ...options],
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

/** Records found in several steps, some of them by others. */
export const encodeAnswers = (query: DecodedPacket, records: readonly DnsRecord[]): Buffer =>
  encode(query, 'ok', { answers: records.map(toAnswer) })

export const encodeFailure = (query: DecodedPacket, rcode: Rcode) => encode(query, rcode, {})

/** A question of our own for the host's resolvers. */
export function encodeQuery(id: number, { name, type }: DnsQuestion): Buffer {
  return dnsPacket.encode({
    type: 'query',
    id,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type: type as RecordType, class: 'IN' }],
  })
}

/** The addresses, and the aliases on the way to them, in an answer of the host's resolvers. */
export function addressesIn(reply: Buffer): DnsRecord[] {
  return (dnsPacket.decode(reply).answers ?? []).flatMap((answer): DnsRecord[] => {
    if (answer.type !== 'A' && answer.type !== 'AAAA' && answer.type !== 'CNAME') return []
    return [{ type: answer.type, name: answer.name, ttl: answer.ttl ?? 0, data: answer.data }]
  })
}

/** Bytes the asker takes over UDP. */
function udpLimit(query: DecodedPacket): number {
  const options = optionsOf(query) as { udpPayloadSize?: number } | undefined
  if (options === undefined) return UDP_ANSWER_BYTES_MAX
  const wanted = Math.max(UDP_ANSWER_BYTES_MAX, options.udpPayloadSize ?? 0)
  return Math.min(wanted, EDNS_ANSWER_BYTES_MAX)
}

/** An answer that fits UDP: whole, or empty with the mark that makes the client ask over TCP. */
export function fitUdp(query: DecodedPacket, reply: Buffer): Buffer {
  if (reply.length <= udpLimit(query)) return reply
  const truncated = encode(query, 'ok', {})
  // TC is bit 9 of the flags (RFC 1035, 4.1.1).
  truncated[2] = truncated[2]! | 0x02
  return truncated
}
