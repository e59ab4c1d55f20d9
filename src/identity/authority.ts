// A certificate authority: an ECDSA P-256 key pair and its self-signed certificate, both as PEM.
import type { Clock } from '#base/clock.ts'
import {
  certificateSerial,
  distinguishedName,
  keyAlgorithm,
  loadX509,
  privateKeyPem,
  signingAlgorithm,
} from './x509.ts'
import { lifetimes, validity } from './validity.ts'

/** A certificate and its private key (PKCS #8), PEM. */
export interface KeyedCertificate {
  certificatePem: string
  keyPem: string
}

export interface AuthorityOptions {
  commonName: string
  clock: Clock
}

export async function createAuthority(options: AuthorityOptions): Promise<KeyedCertificate> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: certificateSerial(),
    name: distinguishedName(x509, [{ type: 'CN', text: options.commonName }]),
    keys,
    signingAlgorithm,
    ...validity(options.clock, lifetimes.authorityMs),
    extensions: [
      // Path length 0: it signs leaves, never another authority.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(usages, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: privateKeyPem(keys.privateKey),
  }
}
