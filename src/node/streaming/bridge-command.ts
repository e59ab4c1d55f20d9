// Joins a client's remote command with the runtime's: bytes both ways, and how it ended.
import { finished, type Readable, type Writable } from 'node:stream'
import { finished as whenFinished } from 'node:stream/promises'
import type { Clock } from '#base/clock.ts'
import type { CommandSession } from '#streams/command/channels.ts'
import { lostStatus, readOutcomeText, renderOutcome } from '#streams/command/outcome.ts'
import type { CommandProtocol } from '#streams/command/protocols.ts'
import { streamLimits } from '#streams/limits.ts'
import { pump } from '#streams/pump.ts'
import { within } from '#streams/within.ts'

export interface CommandBridge {
  client: CommandSession
  runtime: CommandSession
  /** The client's. */
  protocol: CommandProtocol
  /** The command has a terminal of its own, which ends with its client. */
  ownsTerminal: boolean
  clock: Clock
}

/** How a terminal is told that its input ends: closing what is behind it says nothing to the command. */
const END_OF_TRANSMISSION = '\x04'

/** The stream itself stays open: containerd takes its end for a wish to see no more output. */
function feedTerminal(from: Readable, to: Writable): Promise<void> {
  from.pipe(to, { end: false })
  return new Promise((resolve) => {
    finished(from, { writable: false }, () => to.write(END_OF_TRANSMISSION, () => resolve()))
  })
}

/** Resolves when both sides are told goodbye. */
export async function bridgeCommand(bridge: CommandBridge): Promise<void> {
  const { client, runtime, protocol, clock } = bridge
  const feed = bridge.ownsTerminal ? feedTerminal : pump
  const { channels: from } = client
  const { channels: to } = runtime
  // What comes on a channel of the other direction is nobody's, and would stand in the way of the rest.
  for (const channel of [from.stdout, from.stderr, from.error, to.stdin, to.resize])
    channel?.resume()
  const input = from.stdin && to.stdin ? feed(from.stdin, to.stdin) : Promise.resolve()
  if (from.resize && to.resize) void pump(from.resize, to.resize)
  void client.closed.then(async () => {
    // Nobody listens any more: the command gets what was typed, and then its input and output end.
    await within(input, streamLimits.closeGraceMs, clock)
    runtime.close()
  })
  const outputs: Promise<void>[] = []
  if (from.stdout && to.stdout) outputs.push(pump(to.stdout, from.stdout))
  if (from.stderr && to.stderr) outputs.push(pump(to.stderr, from.stderr))
  const text = await readOutcomeText(to.error!)
  await Promise.all(outputs)
  const outcome = text === '' ? lostStatus('the connection to the container was lost') : text
  await endCommand(client, outcome, protocol)
  runtime.close()
}

/** Tells the client how its command ended, and goodbye. `outcome` is a Status as JSON. */
export async function endCommand(
  client: CommandSession,
  outcome: string,
  protocol: CommandProtocol,
): Promise<void> {
  const { error } = client.channels
  error!.end(renderOutcome(outcome, protocol))
  await whenFinished(error!, { readable: false })
  client.close()
}
