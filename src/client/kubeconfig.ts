// Reads a kubeconfig: which server to ask, and who we are there.
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import type { HttpsTransportOptions } from './https-transport.ts'

interface Cluster {
  server?: string
  'certificate-authority'?: string
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
  'tls-server-name'?: string
}

interface User {
  token?: string
  tokenFile?: string
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
}

interface Kubeconfig {
  'current-context'?: string
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[]
  clusters?: { name: string; cluster: Cluster }[]
  users?: { name: string; user: User }[]
}

export interface KubeconfigContext {
  context: string
  /** Namespace of the context, if it names one. */
  namespace: string | undefined
  transport: HttpsTransportOptions
}

/** The context of that name, or the current one. Errors name the file and what is missing in it. */
export async function loadKubeconfig(path: string, context?: string): Promise<KubeconfigContext> {
  const text = await readFile(path, 'utf8')
  const config = parseConfig(path, text)
  const name = context ?? config['current-context']
  if (!name) throw new Error(`${path} has no current-context: name a context`)
  const entry = named(config.contexts, name, `context "${name}"`, path).context
  const { cluster } = named(config.clusters, entry.cluster, `cluster "${entry.cluster}"`, path)
  const { user } = named(config.users, entry.user, `user "${entry.user}"`, path)
  if (!cluster.server) throw new Error(`cluster "${entry.cluster}" in ${path} has no server`)

  const files = (inline: string | undefined, file: string | undefined) =>
    content(inline, file, dirname(path))
  const ca = await files(cluster['certificate-authority-data'], cluster['certificate-authority'])
  const cert = await files(user['client-certificate-data'], user['client-certificate'])
  const key = await files(user['client-key-data'], user['client-key'])
  const token = user.token ?? (await files(undefined, user.tokenFile))?.trim()
  const serverName = cluster['tls-server-name']
  return {
    context: name,
    namespace: entry.namespace,
    transport: {
      server: cluster.server,
      insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] ?? false,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(token === undefined ? {} : { token }),
      ...(serverName === undefined ? {} : { serverName }),
    },
  }
}

function parseConfig(path: string, text: string): Kubeconfig {
  try {
    return (parse(text) ?? {}) as Kubeconfig
  } catch (cause) {
    throw new Error(`${path} is no valid YAML`, { cause })
  }
}

function named<E extends { name: string }>(
  entries: readonly E[] | undefined,
  name: string,
  what: string,
  path: string,
): E {
  const found = entries?.find((entry) => entry.name === name)
  if (found) return found
  const known = (entries ?? []).map((entry) => entry.name).join(', ') || 'none'
  throw new Error(`${path} has no ${what}; it has: ${known}`)
}

/** What a kubeconfig holds in place as base64, or else in a file beside it. */
async function content(
  inline: string | undefined,
  file: string | undefined,
  directory: string,
): Promise<string | undefined> {
  if (inline) return Buffer.from(inline, 'base64').toString('utf8')
  return file ? readFile(resolve(directory, file), 'utf8') : undefined
}
