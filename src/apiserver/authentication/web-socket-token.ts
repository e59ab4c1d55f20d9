// Browsers cannot set the Authorization header of a WebSocket: Kubernetes takes the token from the list
// of protocols (k8s.io/apiserver/pkg/authentication/request/websocket/protocol.go).
import { unauthorized } from '../api-errors.ts'

const PREFIX = 'base64url.bearer.authorization.k8s.io.'

export interface OfferedProtocols {
  /** What would stand in an Authorization header. */
  authorization: string | undefined
  /** Without the token, which is nobody else's business. */
  protocols: string[]
}

/** `offered` is the Sec-WebSocket-Protocol header, one entry for each line. */
export function webSocketToken(offered: readonly string[] | undefined): OfferedProtocols {
  const all = (offered ?? []).flatMap((line) => line.split(',')).map((name) => name.trim())
  const protocols = all.filter((name) => name !== '' && !name.startsWith(PREFIX))
  const [encoded, ...more] = all.filter((name) => name.startsWith(PREFIX))
  if (encoded === undefined) return { authorization: undefined, protocols }
  // The answer must name one of the protocols, and that cannot be the token.
  if (more.length > 0 || protocols.length === 0) throw unauthorized()
  const token = Buffer.from(encoded.slice(PREFIX.length), 'base64url').toString('utf8')
  return { authorization: `Bearer ${token}`, protocols }
}
