import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { createAuthority, type KeyedCertificate } from './authority.ts'
import { clientIdentity } from './client-identity.ts'
import { issueClientCertificate, issueServerCertificate } from './leaf-certificate.ts'
import { lifetimes, needsRenewal } from './validity.ts'

const clock = fakeClock()
const dayMs = 24 * 60 * 60 * 1000
const authority = await createAuthority({ commonName: 'test CA', clock })

const parse = ({ certificatePem }: KeyedCertificate) => new X509Certificate(certificatePem)

test('createAuthority makes a self-signed authority for ten years with its key', () => {
  const certificate = parse(authority)
  assert.equal(certificate.ca, true)
  assert.equal(certificate.subject, 'CN=test CA')
  assert.ok(certificate.verify(certificate.publicKey))
  assert.ok(certificate.checkPrivateKey(createPrivateKey(authority.keyPem)))
  assert.equal(certificate.validToDate.getTime(), clock.now() + lifetimes.authorityMs)
})

test('issueServerCertificate names hosts and addresses and is signed by its authority', async () => {
  const issued = await issueServerCertificate({
    authority,
    names: ['kubernetes.default.svc', 'localhost'],
    addresses: ['127.0.0.1', '10.64.128.1', '::1'],
    clock,
  })
  const certificate = parse(issued)
  assert.ok(certificate.checkIssued(parse(authority)))
  assert.ok(certificate.verify(parse(authority).publicKey))
  assert.ok(certificate.checkPrivateKey(createPrivateKey(issued.keyPem)))
  assert.equal(certificate.ca, false)
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.equal(certificate.checkHost('kubernetes.default.svc'), 'kubernetes.default.svc')
  assert.equal(certificate.checkHost('example.com'), undefined)
  for (const address of ['127.0.0.1', '10.64.128.1', '::1'])
    assert.equal(certificate.checkIP(address), address)
  assert.equal(certificate.validToDate.getTime(), clock.now() + lifetimes.leafMs)
})

test('issueServerCertificate refuses a name as address and a certificate for nothing', async () => {
  const wrong = { authority, names: ['a'], addresses: ['localhost'], clock }
  await assert.rejects(issueServerCertificate(wrong), /"localhost" is no IP address/)
  const empty = { authority, names: [], addresses: [], clock }
  await assert.rejects(issueServerCertificate(empty), /needs a name/)
})

test('certificates have serial numbers of their own', async () => {
  const options = { authority, names: ['a'], addresses: [], clock }
  const [one, other] = await Promise.all([
    issueServerCertificate(options),
    issueServerCertificate(options),
  ])
  assert.notEqual(parse(one).serialNumber, parse(other).serialNumber)
})

test('clientIdentity reads the user and groups that issueClientCertificate wrote', async () => {
  const awkward = 'system:node:a, O=system:masters+"x" \\é\n'
  for (const [user, groups] of [
    ['admin', ['system:masters']],
    ['jane', []],
    ['jane"admin"', ['#0c0161', 'a\0b']],
    [awkward, ['one', 'O=two, CN=three', 'four']],
  ] as const) {
    const issued = await issueClientCertificate({ authority, user, groups, clock })
    const found = clientIdentity(parse(issued).raw, authority.certificatePem, clock.now())
    assert.deepEqual(found, { username: user, groups: [...groups] })
  }
})

test('clientIdentity knows nobody from another authority of the same name', async () => {
  const other = await createAuthority({ commonName: 'test CA', clock })
  const issued = await issueClientCertificate({ authority: other, user: 'a', groups: [], clock })
  assert.equal(clientIdentity(parse(issued), authority.certificatePem, clock.now()), undefined)
  assert.ok(clientIdentity(parse(issued), other.certificatePem, clock.now()))
})

test('clientIdentity believes no certificate that only says who issued it', async () => {
  const stranger = await createAuthority({ commonName: 'test CA', clock })
  const forged = await issueClientCertificate({
    authority: { certificatePem: authority.certificatePem, keyPem: stranger.keyPem },
    user: 'admin',
    groups: ['system:masters'],
    clock,
  })
  assert.ok(parse(forged).checkIssued(parse(authority)))
  assert.equal(clientIdentity(parse(forged), authority.certificatePem, clock.now()), undefined)
})

test('clientIdentity takes a certificate only while it is valid', async () => {
  const issued = await issueClientCertificate({
    authority,
    user: 'a',
    groups: [],
    clock,
    lifetimeMs: 1000,
  })
  const at = (ms: number) =>
    clientIdentity(parse(issued), authority.certificatePem, clock.now() + ms) !== undefined
  assert.equal(at(999), true)
  assert.equal(at(1001), false)
  assert.equal(at(-lifetimes.backdateMs + 1000), true)
  assert.equal(at(-lifetimes.backdateMs - 1000), false)
})

test('clientIdentity refuses a server certificate and the authority itself', async () => {
  const server = await issueServerCertificate({ authority, names: ['a'], addresses: [], clock })
  for (const certificate of [server, authority])
    assert.equal(
      clientIdentity(parse(certificate), authority.certificatePem, clock.now()),
      undefined,
    )
})

test('issueClientCertificate refuses an empty user', async () => {
  await assert.rejects(
    issueClientCertificate({ authority, user: '', groups: [], clock }),
    /needs a user/,
  )
})

test('needsRenewal asks for a new certificate after two thirds of its life', async () => {
  const { certificatePem } = await issueServerCertificate({
    authority,
    names: ['a'],
    addresses: [],
    clock,
  })
  const after = (days: number) =>
    needsRenewal(certificatePem, fakeClock(clock.now() + days * dayMs))
  assert.equal(after(0), false)
  assert.equal(after(243), false)
  assert.equal(after(244), true)
  assert.equal(after(400), true)
  assert.equal(after(-1), true)
})
