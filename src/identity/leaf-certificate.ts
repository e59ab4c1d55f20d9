// Certificates that an authority signs: for servers by their names, for clients by user and groups.
import { isIP } from 'node:net'
import type { Extension, Name } from '@peculiar/x509'
import type { Clock } from '#base/clock.ts'
import type { KeyedCertificate } from './authority.ts'
import { lifetimes, validity } from './validity.ts'
import {
  certificateSerial,
  distinguishedName,
  keyAlgorithm,
  loadX509,
  privateKeyPem,
  signingAlgorithm,
  signingKey,
} from './x509.ts'

export interface ServerCertificateOptions {
  authority: KeyedCertificate
  /** DNS names; the first one is also the common name. */
  names: readonly string[]
  addresses: readonly string[]
  clock: Clock
}

export interface ClientCertificateOptions {
  authority: KeyedCertificate
  user: string
  groups: readonly string[]
  clock: Clock
  /** A year unless given. */
  lifetimeMs?: number
}

export async function issueServerCertificate(
  options: ServerCertificateOptions,
): Promise<KeyedCertificate> {
  const { names, addresses } = options
  const wrong = addresses.find((address) => isIP(address) === 0)
  if (wrong !== undefined) throw new TypeError(`"${wrong}" is no IP address: put it under names`)
  const commonName = names[0] ?? addresses[0]
  if (commonName === undefined)
    throw new TypeError('a server certificate needs a name or an address')
  const x509 = await loadX509()
  return issue({
    authority: options.authority,
    subject: distinguishedName(x509, [{ type: 'CN', text: commonName }]),
    validity: validity(options.clock, lifetimes.leafMs),
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: 'dns' as const, value })),
        ...addresses.map((value) => ({ type: 'ip' as const, value })),
      ]),
    ],
  })
}

/** The user is the common name, each group an organization, as Kubernetes reads client certificates. */
export async function issueClientCertificate(
  options: ClientCertificateOptions,
): Promise<KeyedCertificate> {
  if (options.user === '') throw new TypeError('a client certificate needs a user')
  const x509 = await loadX509()
  const groups = options.groups.map((text) => ({ type: 'O', text }) as const)
  return issue({
    authority: options.authority,
    subject: distinguishedName(x509, [...groups, { type: 'CN', text: options.user }]),
    validity: validity(options.clock, options.lifetimeMs ?? lifetimes.leafMs),
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  })
}

async function issue(leaf: {
  authority: KeyedCertificate
  subject: Name
  validity: { notBefore: Date; notAfter: Date }
  extensions: Extension[]
}): Promise<KeyedCertificate> {
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(leaf.authority.certificatePem)
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: certificateSerial(),
    subject: leaf.subject,
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: signingKey(leaf.authority.keyPem),
    signingAlgorithm,
    ...leaf.validity,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...leaf.extensions,
    ],
  })
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: privateKeyPem(keys.privateKey),
  }
}
