// Certificates on disk: which of them end soon. Those of servers are renewed by themselves at a start of the engine.
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Check, fail, type Finding, ok, warn } from './check.ts'

const DAY_MS = 86_400_000
const WARN_DAYS = 30

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

export interface CertificateReading {
  name: string
  notBeforeMs: number
  notAfterMs: number
}

export function judgeCertificates(
  certificates: readonly CertificateReading[],
  nowMs: number,
): Finding[] {
  const mend = "'ccs down' and 'ccs up' issue new ones"
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const findings = certificates.flatMap(({ name, notBeforeMs, notAfterMs }) => {
    if (nowMs >= notAfterMs) return [fail(`${name} ended on ${day(notAfterMs)}`, mend)]
    if (nowMs < notBeforeMs)
      return [
        fail(
          `${name} is valid from ${day(notBeforeMs)} on only; the clock is before that`,
          'set the clock',
        ),
      ]
    const days = Math.floor((notAfterMs - nowMs) / DAY_MS)
    return days < WARN_DAYS ? [warn(`${name} ends in ${days} days`, mend)] : []
  })
  if (findings.length > 0) return findings
  const first = Math.min(...certificates.map(({ notAfterMs }) => notAfterMs))
  return [
    ok(
      certificates.length === 0
        ? 'none yet'
        : `${certificates.length} certificates, the first ends on ${day(first)}`,
    ),
  ]
}

/** All certificates in the files below a directory, and those in a kubeconfig. */
export function readCertificates(pki: string, kubeconfig: string): CertificateReading[] {
  const read = (name: string, pem: string): CertificateReading => {
    const { validFromDate, validToDate } = new X509Certificate(pem)
    return { name, notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() }
  }
  const files = existsSync(pki)
    ? readdirSync(pki, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
    : []
  const inFiles = files.flatMap((file) =>
    (readFileSync(file, 'utf8').match(PEM) ?? []).map((pem) => read(path.relative(pki, file), pem)),
  )
  const config = existsSync(kubeconfig) ? readFileSync(kubeconfig, 'utf8') : ''
  const inConfig = [...config.matchAll(/client-certificate-data:\s*"?([A-Za-z0-9+/=]+)/g)].map(
    ([, data]) =>
      read('a client certificate in the kubeconfig', Buffer.from(data!, 'base64').toString()),
  )
  return [...inFiles, ...inConfig]
}

export const certificateCheck: Check<{ pki: string; kubeconfig: string; nowMs: number }> = {
  name: 'certificates',
  look: ({ pki, kubeconfig, nowMs }) => judgeCertificates(readCertificates(pki, kubeconfig), nowMs),
}
