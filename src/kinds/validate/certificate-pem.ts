// Requests and certificates in PEM, as far as it must be known whether they can be read: that a
// request is signed with the key it is about (RFC 2986), and that certificates parse.
import { createPublicKey, verify, X509Certificate } from 'node:crypto'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/g
const REQUEST_TYPE = 'CERTIFICATE REQUEST'
const CERTIFICATE_TYPE = 'CERTIFICATE'

/** Which digest a signature was made with, by the object identifier of its algorithm in hex. */
const DIGESTS: Readonly<Record<string, string | undefined>> = {
  '2a864886f70d010105': 'sha1',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}
/** Ed25519 signs without a digest of its own. */
const ED25519 = '2b6570'

interface Element {
  tag: number
  /** With its tag and length. */
  whole: Buffer
  content: Buffer
}

/** The elements that stand in `bytes` one after another (X.690, definite lengths). */
function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at + 1]
    if (first === undefined) throw new RangeError('asn1: syntax error: data truncated')
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f
    if (lengthBytes > 4 || first === 0x80)
      throw new RangeError('asn1: structure error: length too large')
    const start = at + 2 + lengthBytes
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
    if (start + length > bytes.length) throw new RangeError('asn1: syntax error: data truncated')
    const end = start + length
    elements.push({
      tag: bytes[at]!,
      whole: bytes.subarray(at, end),
      content: bytes.subarray(start, end),
    })
    at = end
  }
  return elements
}

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1')

/** Why `request` (base64 of PEM) cannot be signed; undefined when it can. */
export function problemOfRequest(request: string): string | undefined {
  const [block] = textOf(request).matchAll(BLOCK)
  if (block?.[1] !== REQUEST_TYPE) return `PEM block type must be ${REQUEST_TYPE}`
  try {
    return isSelfSigned(Buffer.from(block[2]!, 'base64'))
      ? undefined
      : 'x509: signature does not match the public key of the request'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function isSelfSigned(der: Buffer): boolean {
  const [outer] = elementsOf(der)
  const [info, algorithm, signature] = elementsOf(outer?.content ?? Buffer.alloc(0))
  if (info === undefined || algorithm === undefined || signature === undefined)
    throw new RangeError('asn1: structure error: not a certificate request')
  const [, , publicKey] = elementsOf(info.content)
  const [identifier] = elementsOf(algorithm.content)
  if (publicKey === undefined || identifier === undefined)
    throw new RangeError('asn1: structure error: not a certificate request')
  const oid = identifier.content.toString('hex')
  const digest = DIGESTS[oid]
  if (digest === undefined && oid !== ED25519)
    throw new RangeError('x509: cannot verify signature: algorithm unimplemented')
  const key = createPublicKey({ key: publicKey.whole, format: 'der', type: 'spki' })
  // The first byte of a bit string says how many bits of the last are unused: none.
  return verify(digest ?? null, info.whole, key, signature.content.subarray(1))
}

/** Why `certificates` (base64 of PEM) is no chain of certificates; undefined when it is, or empty. */
export function problemOfCertificates(certificates: string): string | undefined {
  if (certificates === '') return undefined
  const blocks = [...textOf(certificates).matchAll(BLOCK)]
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block'
  for (const [pem, type, body] of blocks) {
    if (type !== CERTIFICATE_TYPE)
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`
    if (body!.includes(':')) return 'no PEM block headers are permitted'
    try {
      new X509Certificate(pem)
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  return undefined
}
