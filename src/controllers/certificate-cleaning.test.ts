import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueClientCertificate } from '#identity/leaf-certificate.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { isOver } from './certificate-cleaning.ts'

const HOUR_MS = 60 * 60_000
const CREATED = '2026-01-01T00:00:00Z'
const afterHours = (hours: number) => Date.parse(CREATED) + hours * HOUR_MS

const request = (status: CertificateSigningRequest['status'] = {}): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'r', creationTimestamp: CREATED },
  spec: { request: '', signerName: 'example.com/signer' },
  status,
})

test('a request goes an hour after it was decided, and a day after it was made', () => {
  for (const type of ['Denied', 'Failed']) {
    const decided = request({ conditions: [{ type, status: 'True', lastUpdateTime: CREATED }] })
    assert.equal(isOver(decided, afterHours(0.9)), false, type)
    assert.equal(isOver(decided, afterHours(1.1)), true, type)
  }
  assert.equal(isOver(request(), afterHours(23)), false)
  assert.equal(isOver(request(), afterHours(25)), true)
})

test('a request that was approved waits for its signer, and goes an hour after it when signed', () => {
  const conditions = [{ type: 'Approved', status: 'True', lastUpdateTime: CREATED }]
  assert.equal(isOver(request({ conditions }), afterHours(1_000)), false)
  const signed = request({ conditions, certificate: 'c2lnbmVk' })
  assert.equal(isOver(signed, afterHours(1.1)), true)
})

test('a request whose certificate has ended goes', async () => {
  const clock = fakeClock()
  const authority = await createAuthority({ commonName: 'clients', clock })
  const { certificatePem } = await issueClientCertificate({
    authority,
    user: 'jane',
    groups: [],
    clock,
    lifetimeMs: HOUR_MS,
  })
  const issued = request({ certificate: Buffer.from(certificatePem).toString('base64') })
  assert.equal(isOver(issued, clock.now()), false)
  assert.equal(isOver(issued, clock.now() + 2 * HOUR_MS), true)
})
