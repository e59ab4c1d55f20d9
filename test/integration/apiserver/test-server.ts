// An API server on loopback over a memory store, with a kubeconfig for its administrator.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { lineLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createAuthority } from '#identity/authority.ts'
import { clientAuthorityName } from '#identity/client-authority-name.ts'
import { issueClientCertificate, issueServerCertificate } from '#identity/leaf-certificate.ts'
import { hashToken } from '#identity/secret-token.ts'
import { createTokenIssuer, newTokenKeyPem } from '#identity/token-issuer.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { createApiListener } from '#apiserver/http/api-listener.ts'
import type { LogicalCluster, LogicalClusterOptions } from '#apiserver/logical-cluster.ts'
import { createLogicalCluster } from '#apiserver/logical-cluster.ts'

export interface TestServer {
  directory: string
  kubeconfig: string
  port: number
  caPem: string
  clusters: Map<string, LogicalCluster>
  close(): Promise<void>
}

/** A bearer token of the administrator, for clients that have no certificate. */
export const TEST_TOKEN = 'test-admin-token'
const ADMIN = { username: 'admin', uid: 'admin', groups: ['system:masters'] }

export async function startTestServer(
  port = 0,
  options: Partial<LogicalClusterOptions> = {},
): Promise<TestServer> {
  const clock = systemClock
  const log = lineLogger({
    write: (line) => process.stderr.write(line),
    now: () => clock.now(),
    level: 'warn',
  })
  const directory = await mkdtemp(path.join(tmpdir(), 'ccs-apiserver-'))
  const serverAuthority = await createAuthority({ commonName: 'test server CA', clock })
  const certificate = await issueServerCertificate({
    authority: serverAuthority,
    names: ['localhost'],
    addresses: ['127.0.0.1'],
    clock,
  })
  const clusters = new Map<string, LogicalCluster>()
  const contexts = []
  for (const name of ['hub', 'local']) {
    const clientAuthority = await createAuthority({ commonName: clientAuthorityName(name), clock })
    const admin = await issueClientCertificate({
      authority: clientAuthority,
      user: 'admin',
      groups: ['system:masters'],
      clock,
    })
    const tokenIssuer = await createTokenIssuer({
      keyPem: newTokenKeyPem(),
      issuer: `https://${name}.test`,
      clock,
      random: systemRandom,
    })
    const cluster = await createLogicalCluster({
      name,
      kinds: builtinKinds,
      clock,
      random: systemRandom,
      log,
      tokenIssuer,
      clientAuthorityPem: clientAuthority.certificatePem,
      findToken: (hash) => (hash === hashToken(TEST_TOKEN) ? ADMIN : undefined),
      serviceCIDR: '10.96.0.0/18',
      version: '0.0.0-test',
      ...options,
      // Each cluster has a store of its own; one that is given is the hub's.
      store: (name === 'hub' ? options.store : undefined) ?? openMemoryStore(),
    })
    clusters.set(name, cluster)
    contexts.push({ name, admin })
  }
  const listener = createApiListener({
    tls: certificate,
    resolve: (name) => clusters.get(name),
    log,
  })
  const address = await listener.listen({ host: '127.0.0.1', port })
  const kubeconfig = path.join(directory, 'kubeconfig')
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const server = `https://127.0.0.1:${address.port}`
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'hub',
    clusters: contexts.map(({ name }) => ({
      name,
      cluster: {
        server: name === 'hub' ? server : `${server}/clusters/${name}`,
        'certificate-authority-data': base64(serverAuthority.certificatePem),
      },
    })),
    users: contexts.map(({ name, admin }) => ({
      name,
      user: {
        'client-certificate-data': base64(admin.certificatePem),
        'client-key-data': base64(admin.keyPem),
      },
    })),
    contexts: contexts.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
  }
  await writeFile(path.join(directory, 'ca.pem'), serverAuthority.certificatePem)
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 })
  return {
    directory,
    kubeconfig,
    port: address.port,
    caPem: serverAuthority.certificatePem,
    clusters,
    async close() {
      await listener.close()
      for (const cluster of clusters.values()) await cluster.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
