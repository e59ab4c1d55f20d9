// How a remote command ended, as its error channel tells it.
import type { Readable } from 'node:stream'
import { streamLimits } from '../limits.ts'
import type { CommandProtocol } from './protocols.ts'

/** The part of a metav1.Status that tells the end of a command. */
export interface CommandStatus {
  status?: string
  message?: string
  reason?: string
  code?: number
  details?: { causes?: { reason?: string; message?: string }[] }
}

export type CommandOutcome =
  | { type: 'exited'; exitCode: number }
  /** The command did not run to its end, or nobody knows how it ended. */
  | { type: 'failed'; message: string; status?: CommandStatus }

/** metav1.StatusReason of a command that ended with another code than 0. */
const NON_ZERO_EXIT_CODE = 'NonZeroExitCode'
const EXIT_CODE_CAUSE = 'ExitCode'

/** Everything on the channel, up to its end. */
export async function readOutcomeText(channel: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of channel as AsyncIterable<Buffer>) {
    size += chunk.length
    // The rest is read too, because the connection goes on behind it.
    if (size <= streamLimits.statusBytesMax) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Reads a version of the protocol that has a Status; `text` is all that came on the error channel. */
export function outcomeOf(text: string): CommandOutcome {
  if (text === '') return { type: 'failed', message: 'the connection was lost before the end' }
  const status = parseStatus(text)
  if (status === undefined) return { type: 'failed', message: text.trim() }
  if (status.status === 'Success') return { type: 'exited', exitCode: 0 }
  if (status.reason === NON_ZERO_EXIT_CODE) {
    const cause = status.details?.causes?.find(({ reason }) => reason === EXIT_CODE_CAUSE)
    const exitCode = Number(cause?.message)
    if (Number.isInteger(exitCode)) return { type: 'exited', exitCode }
  }
  return { type: 'failed', message: status.message ?? text, status }
}

function parseStatus(text: string): CommandStatus | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What to write on the error channel of a client: a Status, or in old versions its message if it failed. */
export function renderOutcome(outcomeText: string, protocol: CommandProtocol): string {
  if (protocol.hasStatus) return outcomeText
  const status = parseStatus(outcomeText)
  return status?.status === 'Success' ? '' : (status?.message ?? outcomeText)
}

/** The Status of a command whose connection to the runtime ended before it did. */
export const lostStatus = (why: string): string =>
  JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${why}`,
    reason: 'InternalError',
    details: { causes: [{ message: why }] },
    code: 500,
  })
