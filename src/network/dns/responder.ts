// From a query's bytes to those of its answer: ours from the state, others' from the host's
// resolvers, and an alias (ExternalName) together with what it stands for.
import type { DecodedPacket } from 'dns-packet'
import type { Logger } from '#base/log.ts'
import type { EdgeState } from '../edge-state.ts'
import { answerQuestion, type Asker, type DnsQuestion, type DnsRecord } from './answer.ts'
import {
  addressesIn,
  decodeQuery,
  encodeAnswers,
  encodeFailure,
  encodeQuery,
  encodeReply,
  fitUdp,
  isStandardQuery,
} from './message.ts'
import type { ForwardQuery, Transport } from './upstream.ts'

export interface ResponderOptions {
  asker: Asker
  state: () => EdgeState
  /** Undefined: names that are not ours are refused. */
  forward: ForwardQuery | undefined
  log: Logger
}

/** Undefined for what is no DNS query. Never rejects. */
export type Responder = (bytes: Buffer, transport: Transport) => Promise<Buffer | undefined>

const limits = {
  /** Questions that wait for the host's resolvers. */
  forwardsMax: 500,
  /** Aliases of aliases that are followed. */
  aliasesMax: 8,
} as const

interface Asked {
  bytes: Buffer
  query: DecodedPacket
  question: DnsQuestion
  transport: Transport
}

export function createResponder(options: ResponderOptions): Responder {
  const { asker, state, log } = options
  let forwards = 0

  async function forward(bytes: Buffer, transport: Transport): Promise<Buffer | undefined> {
    if (options.forward === undefined || forwards >= limits.forwardsMax) return undefined
    forwards++
    try {
      return await options.forward(bytes, transport)
    } finally {
      forwards--
    }
  }

  /** What the resolvers of pods do not do themselves: they expect a server that recurses. */
  async function follow(alias: DnsRecord & { type: 'CNAME' }, asked: Asked): Promise<DnsRecord[]> {
    const found: DnsRecord[] = [alias]
    let name = alias.data
    for (let i = 0; i < limits.aliasesMax; i++) {
      const reply = answerQuestion(state(), asker, { name, type: asked.question.type })
      if (reply.kind === 'no-such-name') return found
      if (reply.kind === 'forward') {
        const question = encodeQuery(asked.query.id ?? 0, { name, type: asked.question.type })
        const answer = await forward(question, asked.transport)
        return answer === undefined ? found : [...found, ...addressesIn(answer)]
      }
      found.push(...reply.records)
      const [next] = reply.records
      if (next?.type !== 'CNAME') return found
      name = next.data
    }
    return found
  }

  async function respond(asked: Asked): Promise<Buffer> {
    const { query, question, bytes, transport } = asked
    const reply = answerQuestion(state(), asker, question)
    if (reply.kind === 'forward') {
      if (options.forward === undefined) return encodeFailure(query, 'refused')
      return (await forward(bytes, transport)) ?? encodeFailure(query, 'serverFailure')
    }
    const alias = reply.kind === 'answer' ? reply.records[0] : undefined
    const isAlias = alias?.type === 'CNAME' && !['CNAME', 'ANY'].includes(question.type)
    const encoded = isAlias
      ? encodeAnswers(query, await follow(alias, asked))
      : encodeReply(query, reply)
    return transport === 'udp' ? fitUdp(query, encoded) : encoded
  }

  return async (bytes, transport) => {
    const query = decodeQuery(bytes)
    if (query === undefined) return undefined
    if (!isStandardQuery(query)) return encodeFailure(query, 'notImplemented')
    const { name, type } = query.questions![0]!
    try {
      return await respond({ bytes, query, question: { name, type }, transport })
    } catch (error) {
      log.warn('could not answer a DNS query', { name, type, error })
      return encodeFailure(query, 'serverFailure')
    }
  }
}
