import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { createAuthority } from './authority.ts'
import { clientIdentity } from './client-identity.ts'
import { certificateSigner, readRequest } from './sign-request.ts'
import { STRING_KINDS, testRequest } from './test-request.ts'

const CLIENT = { usages: ['digital signature', 'client auth'], lifetimeMs: 3_600_000 }

const clock = fakeClock()
const authority = await createAuthority({ commonName: 'test CA', clock })
const signer = certificateSigner({ authority: () => Promise.resolve(authority), clock })
const identityOf = (pem: string) =>
  clientIdentity(new X509Certificate(pem), authority.certificatePem, clock.now())

describe('readRequest', () => {
  test('reads the subject and each kind of name', async () => {
    const { pem } = testRequest({
      commonName: 'system:node:a',
      organizations: ['system:nodes', 'CN=b, O=c'],
      names: [
        { tag: 2, value: 'a.example.com' },
        { tag: 7, value: Buffer.from([10, 0, 0, 1]) },
        { tag: 1, value: 'a@example.com' },
        { tag: 6, value: 'spiffe://a' },
      ],
    })
    assert.deepEqual(await readRequest(pem), {
      commonName: 'system:node:a',
      organizations: ['system:nodes', 'CN=b, O=c'],
      dnsNames: ['a.example.com'],
      addresses: ['10.0.0.1'],
      emails: ['a@example.com'],
      uris: ['spiffe://a'],
    })
  })

  test('says so of what is no request, and signs none', async () => {
    for (const pem of ['', 'x', authority.certificatePem]) {
      await assert.rejects(readRequest(pem), { name: 'UnreadableRequest' })
      await assert.rejects(signer.sign(pem, CLIENT), { name: 'UnreadableRequest' })
    }
  })
})

describe('certificateSigner', () => {
  test('signs for the key of the request', async () => {
    const request = testRequest({ commonName: 'jane', organizations: ['dev', 'O="ops"'] })
    const pem = await signer.sign(request.pem, CLIENT)
    assert.ok(new X509Certificate(pem).publicKey.equals(request.publicKey))
    assert.deepEqual(identityOf(pem), { username: 'jane', groups: ['dev', 'O="ops"'] })
  })

  test('ends no certificate after its authority', async () => {
    const { pem } = testRequest({ commonName: 'jane' })
    const end = new X509Certificate(authority.certificatePem).validToDate
    const late = fakeClock(end.getTime() - CLIENT.lifetimeMs / 2)
    const lateSigner = certificateSigner({
      authority: () => Promise.resolve(authority),
      clock: late,
    })
    const certificate = new X509Certificate(await lateSigner.sign(pem, CLIENT))
    assert.equal(certificate.validTo, new X509Certificate(authority.certificatePem).validTo)
  })

  test('makes nobody somebody else than was read, however his groups are written', async () => {
    for (const organizationsAs of STRING_KINDS) {
      const { pem } = testRequest({ organizations: ['system:masters'], organizationsAs })
      const { organizations } = await readRequest(pem)
      const identity = identityOf(await signer.sign(pem, CLIENT))
      assert.deepEqual(identity?.groups, organizations, organizationsAs)
    }
  })

  test('gives the names that were read, and no client what is for servers', async () => {
    const { pem } = testRequest({
      names: [
        { tag: 2, value: 'a.example.com' },
        { tag: 7, value: Buffer.from([10, 0, 0, 1]) },
      ],
    })
    const usages = ['digital signature', 'server auth']
    const signed = await signer.sign(pem, { ...CLIENT, usages })
    const certificate = new X509Certificate(signed)
    assert.equal(certificate.checkHost('a.example.com'), 'a.example.com')
    assert.equal(certificate.checkIP('10.0.0.1'), '10.0.0.1')
    assert.equal(identityOf(signed), undefined)
  })
})
