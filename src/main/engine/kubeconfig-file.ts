// DATA/kubeconfig: how kubectl and every command reach the hub and each cluster.
import { existsSync, readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { writeFileAtomic } from '#base/atomic-file.ts'
import type { KeyedCertificate } from '#identity/authority.ts'
import { contextName } from '#setup/instance.ts'

export interface KubeconfigEntry {
  cluster: string
  server: string
  credential: KeyedCertificate
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Pure: the file's text. The hub comes last, since users of kubectl work on clusters. */
export function kubeconfigText(serverCaPem: string, entries: readonly KubeconfigEntry[]): string {
  const rank = (entry: KubeconfigEntry) => `${entry.cluster === 'hub' ? 1 : 0}${entry.cluster}`
  const sorted = entries.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': contextName(sorted[0]?.cluster ?? 'hub'),
    contexts: sorted.map(({ cluster }) => ({
      name: contextName(cluster),
      context: {
        cluster: contextName(cluster),
        user: `${contextName(cluster)}-admin`,
        namespace: 'default',
      },
    })),
    clusters: sorted.map(({ cluster, server }) => ({
      name: contextName(cluster),
      cluster: { server, 'certificate-authority-data': base64(serverCaPem) },
    })),
    users: sorted.map(({ cluster, credential }) => ({
      name: `${contextName(cluster)}-admin`,
      user: {
        'client-certificate-data': base64(credential.certificatePem),
        'client-key-data': base64(credential.keyPem),
      },
    })),
  })
}

interface FileContent {
  clusters?: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[]
  users?: { name: string; user: Record<'client-certificate-data' | 'client-key-data', string> }[]
}

const decode = (text: string) => Buffer.from(text, 'base64').toString('utf8')

/** Pure: the entries of an earlier file of ours; none when it was of another CA. */
export function parseEntries(text: string, serverCaPem: string): KubeconfigEntry[] {
  const { clusters = [], users = [] } = (parse(text) ?? {}) as FileContent
  return clusters.flatMap(({ name, cluster }) => {
    const user = users.find((entry) => entry.name === `${name}-admin`)?.user
    if (user === undefined || decode(cluster['certificate-authority-data']) !== serverCaPem)
      return []
    const credential = {
      certificatePem: decode(user['client-certificate-data']),
      keyPem: decode(user['client-key-data']),
    }
    return { cluster: name.replace(/^ccs-/, ''), server: cluster.server, credential }
  })
}

/**
 * Collects the entries of an instance and keeps the file as they are. Begins with those of the file, so that a context
 * does not vanish while the engine starts again.
 */
export class KubeconfigFile {
  readonly #file: string
  readonly #serverCaPem: string
  readonly #entries = new Map<string, KubeconfigEntry>()

  constructor(file: string, serverCaPem: string) {
    this.#file = file
    this.#serverCaPem = serverCaPem
    if (!existsSync(file)) return
    for (const entry of parseEntries(readFileSync(file, 'utf8'), serverCaPem))
      this.#entries.set(entry.cluster, entry)
  }

  get(cluster: string): KubeconfigEntry | undefined {
    return this.#entries.get(cluster)
  }

  set(entry: KubeconfigEntry): void {
    this.#entries.set(entry.cluster, entry)
    this.#write()
  }

  remove(cluster: string): void {
    if (this.#entries.delete(cluster)) this.#write()
  }

  #write(): void {
    const text = kubeconfigText(this.#serverCaPem, [...this.#entries.values()])
    writeFileAtomic(this.#file, text, { mode: 0o600 })
  }
}
