// The keys of an instance on disk, below DATA/pki. Made once, then read; leaves are renewed.
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { createAuthority } from './authority.ts'
import type { KeyedCertificate } from './authority.ts'
import { clientAuthorityName } from './client-authority-name.ts'
import { certificateNames, isIssuedBy } from './certificate-names.ts'
import { issueServerCertificate } from './leaf-certificate.ts'
import {
  readAuthority,
  readKey,
  readLeaf,
  writeAuthority,
  writeKey,
  writeLeaf,
} from './pem-files.ts'
import { newTokenKeyPem } from './token-issuer.ts'
import { needsRenewal } from './validity.ts'

export interface ServerNames {
  names: readonly string[]
  addresses: readonly string[]
}

export interface AuthorityStore {
  /** Signs the certificates of the instance's servers; one for all logical clusters. */
  serverAuthority(): Promise<KeyedCertificate>
  /** Signs client certificates of one logical cluster ("hub" is one). */
  clientAuthority(cluster: string): Promise<KeyedCertificate>
  /** Signs the certificate by which one logical cluster is known to the servers it aggregates. */
  frontProxyAuthority(cluster: string): Promise<KeyedCertificate>
  /** The key that signs service account tokens of one logical cluster, PEM. */
  serviceAccountKeyPem(cluster: string): string
  /**
   * The certificate of the server called `server`. Issued anew when it is due, lacks one of the names
   * or comes from another authority.
   */
  serverCertificate(server: string, wanted: ServerNames): Promise<KeyedCertificate>
}

export function authorityStore(options: { directory: string; clock: Clock }): AuthorityStore {
  const { directory, clock } = options
  // One creation for all who ask meanwhile, or they would hold different authorities.
  const authorities = new Map<string, Promise<KeyedCertificate>>()
  const authority = (base: string, commonName: string) => {
    const made = authorities.get(base) ?? loadOrCreateAuthority(base, { commonName, clock })
    authorities.set(base, made)
    // A failure (a full disk) must not stay: the next caller tries again.
    made.catch(() => authorities.delete(base))
    return made
  }
  const serverAuthority = () => authority(path.join(directory, 'server-ca'), 'ccs server CA')
  const inCluster = (cluster: string, file: string) =>
    path.join(directory, pathSegment(cluster), file)

  return {
    serverAuthority,
    clientAuthority: (cluster) =>
      authority(inCluster(cluster, 'client-ca'), clientAuthorityName(cluster)),
    frontProxyAuthority: (cluster) =>
      authority(inCluster(cluster, 'front-proxy-ca'), `ccs front proxy CA of ${cluster}`),
    serviceAccountKeyPem: (cluster) => loadOrCreateKey(inCluster(cluster, 'service-accounts.key')),
    serverCertificate: async (server, wanted) => {
      const file = path.join(directory, `server-${pathSegment(server)}.pem`)
      const issuer = await serverAuthority()
      const found = readLeaf(file)
      if (found !== undefined && serves(found, { ...wanted, issuer, clock })) return found
      const issued = await issueServerCertificate({ authority: issuer, ...wanted, clock })
      writeLeaf(file, issued)
      return issued
    },
  }
}

async function loadOrCreateAuthority(
  base: string,
  options: { commonName: string; clock: Clock },
): Promise<KeyedCertificate> {
  const found = readAuthority(base)
  if (found !== undefined) return found
  const created = await createAuthority(options)
  writeAuthority(base, created)
  return created
}

function loadOrCreateKey(file: string): string {
  const found = readKey(file)
  if (found !== undefined) return found
  const created = newTokenKeyPem()
  writeKey(file, created)
  return created
}

function serves(
  found: KeyedCertificate,
  wanted: ServerNames & { issuer: KeyedCertificate; clock: Clock },
): boolean {
  const { names, addresses } = certificateNames(found.certificatePem)
  return (
    !needsRenewal(found.certificatePem, wanted.clock) &&
    isIssuedBy(found.certificatePem, wanted.issuer.certificatePem) &&
    wanted.names.every((name) => names.has(name)) &&
    wanted.addresses.every((address) => addresses.has(address))
  )
}

/** A name becomes part of a path: it must not lead anywhere else. */
function pathSegment(name: string): string {
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return name
  throw new TypeError(`"${name}" cannot name a cluster or a server: it must be a DNS label`)
}
