// Certificates made from requests (PKCS #10): the common name, the organizations, the alternative names and the key are the
// request's, everything else is the authority's to decide. A certificate says what was read and judged, written anew: text
// that is written in another way could mean somebody else to whoever reads the certificate.
import type { Clock } from '#base/clock.ts'
import type { KeyedCertificate } from './authority.ts'
import { lifetimes, validity } from './validity.ts'
import type * as X509 from '@peculiar/x509'
import {
  certificateSerial,
  distinguishedName,
  loadX509,
  signingAlgorithm,
  signingKey,
} from './x509.ts'

/** What a request asks for. */
export interface RequestedCertificate {
  commonName: string
  organizations: string[]
  dnsNames: string[]
  addresses: string[]
  emails: string[]
  uris: string[]
}

export interface SigningTerms {
  /** As Kubernetes names them: "client auth", "digital signature". */
  usages: readonly string[]
  lifetimeMs: number
}

/** What was sent is no request, or not signed with its own key: trying again helps nothing. */
export class UnreadableRequest extends Error {
  override readonly name = 'UnreadableRequest'
}

/** Reads and signs requests with one authority. PEM in, PEM out; both throw UnreadableRequest. */
export interface CertificateSigner {
  read(requestPem: string): Promise<RequestedCertificate>
  sign(requestPem: string, terms: SigningTerms): Promise<string>
}

/** Bits of the extension key usage (RFC 5280, 4.2.1.3), by Kubernetes' names. */
const KEY_USAGES: Readonly<Record<string, number>> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 2,
  'key encipherment': 4,
  'data encipherment': 8,
  'key agreement': 16,
  'cert sign': 32,
  'crl sign': 64,
  'encipher only': 128,
  'decipher only': 256,
}

/** Identifiers of the extension extended key usage (RFC 5280, 4.2.1.12). */
const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
}

const SUBJECT_ALTERNATIVE_NAMES = '2.5.29.17'

export function certificateSigner(options: {
  authority: () => Promise<KeyedCertificate>
  clock: Clock
}): CertificateSigner {
  return {
    read: readRequest,
    sign: async (requestPem, terms) =>
      sign({ ...options, authority: await options.authority() }, requestPem, terms),
  }
}

/** What a request says; throws UnreadableRequest. */
export async function readRequest(requestPem: string): Promise<RequestedCertificate> {
  const x509 = await loadX509()
  return whatIsRead(() => asked(x509, new x509.Pkcs10CertificateRequest(requestPem)))
}

/** The library fails in many ways at what is no request, and in none of its own at what is one. */
function whatIsRead<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw new UnreadableRequest('the request cannot be read as a PKCS #10 request in PEM', {
      cause: error,
    })
  }
}

function asked(
  x509: typeof X509,
  { subjectName, extensions }: X509.Pkcs10CertificateRequest,
): RequestedCertificate {
  const found = extensions.find(({ type }) => type === SUBJECT_ALTERNATIVE_NAMES)
  const names =
    found === undefined ? [] : new x509.SubjectAlternativeNameExtension(found.rawData).names.items
  const ofType = (type: string) =>
    names.filter((name) => name.type === type).map(({ value }) => value)
  return {
    commonName: subjectName.getField('CN').at(-1) ?? '',
    organizations: subjectName.getField('O'),
    dnsNames: ofType('dns'),
    addresses: ofType('ip'),
    emails: ofType('email'),
    uris: ofType('url'),
  }
}

/** Whether the request was made by who has its key; what cannot be checked was not. */
async function isSignedWithOwnKey(request: X509.Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify()
  } catch (error) {
    throw new UnreadableRequest('the signature of the request cannot be checked', { cause: error })
  }
}

async function sign(
  { authority, clock }: { authority: KeyedCertificate; clock: Clock },
  requestPem: string,
  { usages, lifetimeMs }: SigningTerms,
): Promise<string> {
  const x509 = await loadX509()
  const request = whatIsRead(() => new x509.Pkcs10CertificateRequest(requestPem))
  if (!(await isSignedWithOwnKey(request)))
    throw new UnreadableRequest('the request is not signed with its own key')
  const issuer = new x509.X509Certificate(authority.certificatePem)
  const wanted = whatIsRead(() => asked(x509, request))
  const bits = usages.reduce((sum, usage) => sum | (KEY_USAGES[usage] ?? 0), 0)
  const extended = usages.flatMap((usage) => EXTENDED_USAGES[usage] ?? [])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: certificateSerial(),
    subject: subjectOf(x509, wanted),
    issuer: issuer.subjectName,
    publicKey: request.publicKey,
    signingKey: signingKey(authority.keyPem),
    signingAlgorithm,
    ...withinIssuer(validity(clock, Math.min(lifetimeMs, lifetimes.leafMs)), issuer),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(bits === 0 ? [] : [new x509.KeyUsagesExtension(bits, true)]),
      ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...alternativeNames(x509, wanted),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

/** A certificate that outlives its authority's would end with it all the same, and say otherwise. */
const withinIssuer = (
  { notBefore, notAfter }: { notBefore: Date; notAfter: Date },
  issuer: X509.X509Certificate,
) => ({ notBefore, notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter })

const subjectOf = (
  x509: typeof X509,
  { commonName, organizations }: RequestedCertificate,
): X509.Name =>
  distinguishedName(x509, [
    ...organizations.map((text) => ({ type: 'O', text }) as const),
    ...(commonName === '' ? [] : [{ type: 'CN', text: commonName } as const]),
  ])

function alternativeNames(x509: typeof X509, asked: RequestedCertificate): X509.Extension[] {
  const named = (type: X509.GeneralNameType, values: readonly string[]) =>
    values.map((value) => ({ type, value }))
  const names = [
    ...named('dns', asked.dnsNames),
    ...named('email', asked.emails),
    ...named('ip', asked.addresses),
    ...named('url', asked.uris),
  ]
  if (names.length === 0) return []
  // RFC 5280, 4.2.1.6: critical where the subject says nothing.
  const isOnlyName = asked.commonName === '' && asked.organizations.length === 0
  return [new x509.SubjectAlternativeNameExtension(names, isOnlyName)]
}
