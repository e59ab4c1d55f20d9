// How long certificates are valid and when they are due for a new one.
import { X509Certificate } from 'node:crypto'
import type { Clock } from '#base/clock.ts'

const dayMs = 24 * 60 * 60 * 1000

export const lifetimes = {
  authorityMs: 10 * 365 * dayMs,
  leafMs: 365 * dayMs,
  /** Certificates begin this much before now, for machines whose clock is behind ours. */
  backdateMs: 5 * 60 * 1000,
} as const

/** Share of its life after which a certificate is replaced: a year's one four months before its end. */
const renewalShare = 2 / 3

export function validity(clock: Clock, lifetimeMs: number): { notBefore: Date; notAfter: Date } {
  const now = clock.now()
  return { notBefore: new Date(now - lifetimes.backdateMs), notAfter: new Date(now + lifetimeMs) }
}

/** Whether it is time to issue the certificate anew; also for one that lies in the future. */
export function needsRenewal(certificatePem: string, clock: Clock): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem)
  const from = validFromDate.getTime()
  const to = validToDate.getTime()
  const now = clock.now()
  return now < from || now >= from + (to - from) * renewalShare
}
