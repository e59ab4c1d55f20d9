// A token of an OpenID Connect issuer, over real HTTPS, as kubectl presents it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { JwtAuthenticator } from '#apiserver/authentication/jwt/configuration.ts'
import { systemClock } from '#base/clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueServerCertificate } from '#identity/leaf-certificate.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const run = promisify(execFile)
const { publicKey, privateKey } = await generateKeyPair('ES256')
const clock = systemClock
let issuers: readonly JwtAuthenticator[] = []
let server: TestServer
let issuer: Server
let url: string

before(async () => {
  const authority = await createAuthority({ commonName: 'issuer CA', clock })
  const tls = await issueServerCertificate({
    authority,
    names: ['localhost'],
    addresses: [],
    clock,
  })
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }
  issuer = createServer({ cert: tls.certificatePem, key: tls.keyPem }, (request, response) => {
    const isDiscovery = request.url === '/.well-known/openid-configuration'
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify(isDiscovery ? { issuer: url, jwks_uri: `${url}/keys` } : { keys: [key] }),
    )
  })
  issuer.listen(0, '127.0.0.1')
  await once(issuer, 'listening')
  url = `https://localhost:${(issuer.address() as AddressInfo).port}`
  server = await startTestServer(0, {
    issuers: () => issuers,
    dial: async ({ host, port }) => {
      const socket = connect({ host, port })
      await once(socket, 'connect')
      return socket
    },
  })
  issuers = [
    {
      issuer: { url, audiences: ['ccs'], certificateAuthority: authority.certificatePem },
      claimMappings: {
        username: { claim: 'email', prefix: '' },
        groups: { claim: 'groups', prefix: 'oidc:' },
      },
    },
  ]
})
after(async () => {
  await server.close()
  issuer.closeAllConnections()
  issuer.close()
})

async function kubectl(...args: string[]): Promise<string> {
  const environment = { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.directory }
  const { stdout } = await run('kubectl', args, { env: environment, timeout: 30_000 })
  return stdout.trim()
}

const token = (claims: object = {}) =>
  new SignJWT({ email: 'jane@example.com', groups: ['dev'], ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setIssuer(url)
    .setAudience('ccs')
    .setExpirationTime('5m')
    .sign(privateKey)

/** The administrator's certificate must not speak for whoever has a token. */
const asToken = (text: string) => [
  `--server=https://127.0.0.1:${server.port}`,
  `--certificate-authority=${server.directory}/ca.pem`,
  '--kubeconfig=/dev/null',
  `--token=${text}`,
]

test('kubectl with a token of the issuer is who the issuer says, with the rights of RBAC', async () => {
  const jane = asToken(await token())
  const who = '{.status.userInfo.username} {.status.userInfo.groups}'
  assert.equal(
    await kubectl(...jane, 'auth', 'whoami', '-o', `jsonpath=${who}`),
    'jane@example.com ["oidc:dev","system:authenticated"]',
  )
  await assert.rejects(kubectl(...jane, 'get', 'pods'), /User "jane@example.com" cannot list/)
  await kubectl('create', 'rolebinding', 'dev', '--clusterrole=view', '--group=oidc:dev')
  assert.equal(await kubectl(...jane, 'get', 'pods', '-o', 'name'), '')
})

test('a token that is not good is refused', async () => {
  const unverified = asToken(await token({ email_verified: false }))
  await assert.rejects(kubectl(...unverified, 'get', 'pods'), /You must be logged in to the server/)
  const changed = asToken(`${(await token()).slice(0, -4)}AAAA`)
  await assert.rejects(kubectl(...changed, 'get', 'pods'), /You must be logged in to the server/)
})

test('an issuer that is not trusted any more gives nobody in', async () => {
  const jane = asToken(await token())
  issuers = []
  await assert.rejects(kubectl(...jane, 'get', 'pods'), /You must be logged in to the server/)
})
