// Asks the registry process which digest a tag has.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { LookUpDigest } from '#platform/image-resolver.ts'

const TIMEOUT_MS = 5_000
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** HEAD of the manifest on loopback; undefined when the registry has no such image. */
export function digestLookup(options: { port: number; credentials: string }): LookUpDigest {
  return async (repository, reference) => {
    const password = readFileSync(path.join(options.credentials, 'registry-machines'), 'utf8')
    const basic = Buffer.from(`machines:${password.trim()}`).toString('base64')
    const answer = await fetch(
      `http://127.0.0.1:${options.port}/v2/${repository}/manifests/${reference}`,
      {
        method: 'HEAD',
        headers: { accept: MANIFEST_TYPES, authorization: `Basic ${basic}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
    )
    if (answer.status === 404) return undefined
    if (!answer.ok) throw new Error(`the registry answered ${answer.status} for ${repository}`)
    const digest = answer.headers.get('docker-content-digest')
    if (digest === null) throw new Error(`the registry gave no digest for ${repository}`)
    return digest
  }
}
