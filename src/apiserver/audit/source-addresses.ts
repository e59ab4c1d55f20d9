// From where a request came. Pure.
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** Headers may name as many as they like. */
const ADDRESSES_MAX = 16

/**
 * As Kubernetes lists them (apimachinery/pkg/util/net SourceIPs): what X-Forwarded-For and X-Real-Ip say, then who is
 * connected. Only the last was seen here; the client may have made up the others.
 */
export function sourceAddresses(
  headers: IncomingHttpHeaders,
  remote: string | undefined,
): string[] {
  const connected = remote === undefined ? undefined : plain(remote)
  const forwarded = headers['x-forwarded-for']
  const real = headers['x-real-ip']
  if (forwarded === undefined && real === undefined)
    return connected === undefined ? [] : [connected]
  const told = [forwarded ?? []]
    .flat()
    .flatMap((line) => line.split(','))
    .map((part) => part.trim())
    .filter((part) => isIP(part) > 0)
    .slice(-ADDRESSES_MAX)
  for (const one of [[real ?? []].flat()[0], connected])
    if (one !== undefined && isIP(one) > 0 && told.at(-1) !== one) told.push(one)
  return told
}

/** "::ffff:10.0.0.1" is an IPv4 client of a socket for both. */
const plain = (address: string): string =>
  address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
