// What went wrong on a connection, as Go's network library words it: that is what users search for.

const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

export function dialError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const { code = '', message } = error
  const connect = CONNECT_ERRORS[code]
  if (connect !== undefined) return `dial tcp ${host}:${port}: ${connect}`
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`
  // The server closed the connection without an answer.
  if (message === 'socket hang up') return 'EOF'
  if (code === 'ECONNRESET') return `read tcp ${host}:${port}: read: connection reset by peer`
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || message.includes('wrong version number'))
    return 'http: server gave HTTP response to HTTPS client'
  return message
}
