// What a remote command says and hears: five channels, whichever protocol carries them.
import type { Duplex } from 'node:stream'

export type ChannelName = 'stdin' | 'stdout' | 'stderr' | 'error' | 'resize'

/** Which channels a client asked for. `error` is always there, `resize` with a terminal. */
export interface CommandStreams {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

/**
 * One end of a remote command. A channel that was not asked for is not there. `resize` carries one JSON
 * object {"Width": columns, "Height": rows} after the other, `error` the outcome in the form of the
 * protocol's version.
 */
export interface CommandSession {
  readonly channels: Readonly<Partial<Record<ChannelName, Duplex>>>
  /** Resolves when the peer is gone, in peace or not. */
  readonly closed: Promise<void>
  /** Says goodbye once all that was written is out. */
  close(): void
  destroy(error?: Error): void
}

export interface TerminalSize {
  columns: number
  rows: number
}

/** A message of the resize channel. */
export const sizeMessage = ({ columns, rows }: TerminalSize): string =>
  JSON.stringify({ Width: columns, Height: rows })

export function channelsOf(streams: CommandStreams, withResize: boolean): ChannelName[] {
  const names: ChannelName[] = ['error']
  if (streams.stdin) names.push('stdin')
  if (streams.stdout) names.push('stdout')
  // A terminal has one output.
  if (streams.stderr && !streams.tty) names.push('stderr')
  if (streams.tty && withResize) names.push('resize')
  return names
}
