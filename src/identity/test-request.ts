// Certificate signing requests with keys of their own, for unit tests.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface TestRequestOptions {
  commonName?: string
  organizations?: readonly string[]
  /** How the organizations are written (X.680): a kind of string, of which UTF-8 is the usual one. */
  organizationsAs?: keyof typeof STRINGS
  /** Subject alternative names by their tag in a GeneralName: 1 an e-mail address, 2 a DNS name, 6 a URI, 7 an IP address. */
  names?: readonly { tag: 1 | 2 | 6 | 7; value: string | Uint8Array }[]
}

export interface TestRequest {
  pem: string
  /** As it stands in `spec.request`. */
  base64: string
  publicKey: KeyObject
}

const utf8 = (text: string): Buffer => Buffer.from(text)
const utf32 = (text: string): Buffer =>
  Buffer.concat(Array.from(text, (character) => Buffer.from([0, 0, 0, character.charCodeAt(0)])))

const STRINGS = {
  utf8: { tag: 0x0c, encode: utf8 },
  printable: { tag: 0x13, encode: utf8 },
  teletex: { tag: 0x14, encode: utf8 },
  visible: { tag: 0x1a, encode: utf8 },
  general: { tag: 0x1b, encode: utf8 },
  universal: { tag: 0x1c, encode: utf32 },
} as const
export const STRING_KINDS = Object.keys(STRINGS) as (keyof typeof STRINGS)[]

const SEQUENCE = 0x30
const SET = 0x31
const OBJECT_IDENTIFIERS = {
  commonName: '0603550403',
  organization: '060355040a',
  ecdsaWithSha256: '06082a8648ce3d040302',
  extensionRequest: '06092a864886f70d01090e',
  subjectAlternativeName: '0603551d11',
}
const oid = (name: keyof typeof OBJECT_IDENTIFIERS) => Buffer.from(OBJECT_IDENTIFIERS[name], 'hex')

/** An element of DER. */
function element(tag: number, ...content: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content)
  const { length } = bytes
  const head = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), bytes])
}

const attribute = (
  name: 'commonName' | 'organization',
  text: string,
  { tag, encode }: (typeof STRINGS)[keyof typeof STRINGS],
) => element(SET, element(SEQUENCE, oid(name), element(tag, encode(text))))

function namesAttribute(names: NonNullable<TestRequestOptions['names']>): Buffer {
  const all = names.map(({ tag, value }) => element(0x80 | tag, Buffer.from(value as string)))
  const value = element(0x04, element(SEQUENCE, ...all))
  const extension = element(SEQUENCE, oid('subjectAlternativeName'), value)
  return element(SEQUENCE, oid('extensionRequest'), element(SET, element(SEQUENCE, extension)))
}

export function testRequest({
  commonName = 'jane',
  organizations = [],
  organizationsAs = 'utf8',
  names = [],
}: TestRequestOptions = {}): TestRequest {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = [
    ...organizations.map((text) => attribute('organization', text, STRINGS[organizationsAs])),
    ...(commonName === '' ? [] : [attribute('commonName', commonName, STRINGS.utf8)]),
  ]
  const info = element(
    SEQUENCE,
    element(0x02, Buffer.from([0])),
    element(SEQUENCE, ...subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa0, ...(names.length === 0 ? [] : [namesAttribute(names)])),
  )
  const signature = element(0x03, Buffer.from([0]), sign('sha256', info, privateKey))
  const der = element(SEQUENCE, info, element(SEQUENCE, oid('ecdsaWithSha256')), signature)
  const lines = der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`
  return { pem, base64: Buffer.from(pem).toString('base64'), publicKey }
}
