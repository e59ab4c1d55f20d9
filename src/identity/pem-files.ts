// Keys and certificates on disk. An authority is two files, as its certificate is handed out; a leaf
// is one, as it is replaced now and then and must never be half of two.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import type { KeyedCertificate } from './authority.ts'

/** Writes `<base>.key`, for its owner only, and `<base>.crt`. */
export function writeAuthority(base: string, content: KeyedCertificate): void {
  writeKey(`${base}.key`, content.keyPem)
  writeFileAtomic(`${base}.crt`, content.certificatePem, { mode: 0o644 })
}

/** Reads `<base>.crt` and `<base>.key`; undefined where they are not. */
export function readAuthority(base: string): KeyedCertificate | undefined {
  const files = { certificate: `${base}.crt`, key: `${base}.key` }
  // The certificate is written last: a key without one was never used.
  if (!existsSync(files.certificate)) return undefined
  const certificatePem = readFileSync(files.certificate, 'utf8')
  const keyPem = readFileSync(files.key, 'utf8')
  const certificate = parsed(files.certificate, () => new X509Certificate(certificatePem))
  const key = parsed(files.key, () => createPrivateKey(keyPem))
  if (!certificate.checkPrivateKey(key))
    throw new Error(`${files.key} is not the key of ${files.certificate}. ${remedy}`)
  return { certificatePem, keyPem }
}

export function writeLeaf(file: string, { certificatePem, keyPem }: KeyedCertificate): void {
  writeKey(file, `${certificatePem}${keyPem}`)
}

export function readLeaf(file: string): KeyedCertificate | undefined {
  if (!existsSync(file)) return undefined
  const content = readFileSync(file, 'utf8')
  const key = parsed(file, () => createPrivateKey(content))
  const certificate = parsed(file, () => new X509Certificate(content))
  return {
    certificatePem: certificate.toString(),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

export function writeKey(file: string, keyPem: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  writeFileAtomic(file, keyPem, { mode: 0o600 })
}

export function readKey(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const keyPem = readFileSync(file, 'utf8')
  parsed(file, () => createPrivateKey(keyPem))
  return keyPem
}

const remedy =
  'Put key and certificate back from one backup, or remove both: new ones are made then, and what' +
  ' was signed with the old key is void.'

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new Error(`${file} cannot be read as PEM. ${remedy}`, { cause: error })
  }
}
