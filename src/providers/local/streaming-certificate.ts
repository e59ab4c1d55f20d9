// A machine's certificate for exec and port-forward streams. containerd would make one itself, with an
// RSA key that takes it half a second at every start.
import { existsSync } from 'node:fs'
import { KeyObject, webcrypto } from 'node:crypto'
import { writeFileAtomic } from '#base/atomic-file.ts'

const YEARS_VALID = 10
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

async function makeCertificate(address: string, nowMs: number) {
  // Loaded only when needed: the library would slow down every start.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const notAfter = new Date(nowMs)
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS_VALID)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${address}`,
    notBefore: new Date(nowMs),
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: address }])],
  })
  const keyPem = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string
  return { certificatePem: certificate.toString('pem'), keyPem }
}

/** Makes the machine's certificate unless it has one. */
export async function ensureStreamingCertificate(options: {
  certificateFile: string
  keyFile: string
  address: string
  nowMs: number
}): Promise<void> {
  const { certificateFile, keyFile, address, nowMs } = options
  if (existsSync(certificateFile)) return
  const { certificatePem, keyPem } = await makeCertificate(address, nowMs)
  // The certificate is written last: where it is, its key is too.
  writeFileAtomic(keyFile, keyPem)
  writeFileAtomic(certificateFile, `${certificatePem}\n`)
}
