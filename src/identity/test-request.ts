// Certificate signing requests with keys of their own, for unit tests.
import { distinguishedName, keyAlgorithm, loadX509, signingAlgorithm } from './x509.ts'

export interface TestRequestOptions {
  commonName?: string
  organizations?: readonly string[]
  names?: readonly { type: 'dns' | 'ip' | 'email' | 'url'; value: string }[]
}

export interface TestRequest {
  pem: string
  /** As it stands in `spec.request`. */
  base64: string
  /** SPKI, DER. */
  publicKey: Buffer
}

export async function testRequest({
  commonName = 'jane',
  organizations = [],
  names = [],
}: TestRequestOptions = {}): Promise<TestRequest> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: distinguishedName(x509, [
      ...organizations.map((text) => ({ type: 'O', text }) as const),
      ...(commonName === '' ? [] : [{ type: 'CN', text: commonName } as const]),
    ]),
    keys,
    signingAlgorithm,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])],
  })
  const pem = `${request.toString('pem')}\n`
  const publicKey = Buffer.from(request.publicKey.rawData)
  return { pem, base64: Buffer.from(pem).toString('base64'), publicKey }
}
