// Asks a DNS server for one name, to see that it works.
import { Resolver } from 'node:dns/promises'

const TIMEOUT_MS = 1_000

/** The addresses of `name`; rejects when the server does not answer or does not know it. */
export async function resolveName(name: string, server: string, port: number): Promise<string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 })
  resolver.setServers([`${server}:${port}`])
  return resolver.resolve4(name)
}
