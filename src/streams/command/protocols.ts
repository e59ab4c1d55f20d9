// Versions of the remote command protocol (k8s.io/apimachinery/pkg/util/remotecommand/constants.go) and
// how client and server agree on one.

export interface CommandProtocol {
  /** As it stands in X-Stream-Protocol-Version or Sec-WebSocket-Protocol; "" where a client named none. */
  name: string
  /** The error channel carries a Status, not a sentence that is absent after a success. */
  hasStatus: boolean
  /** A terminal's size can change. */
  hasResize: boolean
}

const V5 = 'v5.channel.k8s.io'
const V4 = 'v4.channel.k8s.io'
const V3 = 'v3.channel.k8s.io'
const V2 = 'v2.channel.k8s.io'
const V1 = 'channel.k8s.io'

const protocol = (name: string, hasStatus: boolean, hasResize: boolean): CommandProtocol => ({
  name,
  hasStatus,
  hasResize,
})

/** Over SPDY, best first. */
export const spdyCommandProtocols: readonly CommandProtocol[] = [
  protocol(V5, true, true),
  protocol(V4, true, true),
  protocol(V3, false, true),
  protocol(V2, false, false),
  // A client that names no version speaks the first.
  protocol(V1, false, false),
  protocol('', false, false),
]

export interface WebSocketProtocol extends CommandProtocol {
  encoding: 'binary' | 'base64'
  /** Channel 255 ends another one. */
  hasClose: boolean
}

/** Over WebSocket, best first. */
export const webSocketCommandProtocols: readonly WebSocketProtocol[] = [
  { ...protocol(V5, true, true), encoding: 'binary', hasClose: true },
  { ...protocol(V4, true, true), encoding: 'binary', hasClose: false },
  { ...protocol(`v4.base64.${V1}`, true, true), encoding: 'base64', hasClose: false },
  { ...protocol(V1, false, true), encoding: 'binary', hasClose: false },
  { ...protocol(`base64.${V1}`, false, true), encoding: 'base64', hasClose: false },
  { ...protocol('', false, true), encoding: 'binary', hasClose: false },
]

/** A header that lists protocols, in one line or several. */
export function offeredProtocols(header: string | readonly string[] | undefined): string[] {
  const lines = typeof header === 'string' ? [header] : (header ?? [])
  return lines
    .flatMap((line) => line.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** The first protocol the client names that we know. A client that names none gets the one without a name. */
export function chooseProtocol<P extends { name: string }>(
  offered: readonly string[],
  known: readonly P[],
): P | undefined {
  const find = (name: string) => known.find((candidate) => candidate.name === name)
  if (offered.length === 0) return find('')
  for (const name of offered) {
    const found = find(name)
    if (found !== undefined) return found
  }
  return undefined
}

export const noCommonProtocol = (
  offered: readonly string[],
  known: readonly { name: string }[],
): string =>
  `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${known
    .map(({ name }) => name)
    .filter((name) => name !== '')
    .join(' ')}]`
