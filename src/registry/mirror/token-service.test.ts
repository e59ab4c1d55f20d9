import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseChallenges } from './challenge-header.ts'
import { ownDomain, tokenUrl } from './token-service.ts'

const challenge = (realm: string) => parseChallenges(`Bearer realm="${realm}",service="s"`)[0]!
const hub = new URL('https://registry-1.docker.io')

test('parseChallenges reads what registries send', () => {
  const [bearer, ...none] = parseChallenges(
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push"',
  )
  assert.equal(none.length, 0)
  assert.equal(bearer!.scheme, 'bearer')
  assert.equal(bearer!.parameters.get('realm'), 'https://auth.docker.io/token')
  assert.equal(bearer!.parameters.get('scope'), 'repository:library/nginx:pull,push')
  const two = parseChallenges('Basic realm="a \\"b\\"", bearer Realm=x , service = "y"')
  assert.deepEqual(
    two.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
    [
      ['basic', { realm: 'a "b"' }],
      ['bearer', { realm: 'x', service: 'y' }],
    ],
  )
  for (const odd of [undefined, '', '"', 'Bearer realm="unclosed', '=', ',,,'])
    assert.ok(
      parseChallenges(odd).every(({ parameters }) => parameters.size === 0),
      odd,
    )
})

test('tokenUrl asks the same host and the same domain', () => {
  const url = tokenUrl(challenge('https://auth.docker.io/token?x=1'), 'repository:a/b:pull', {
    endpoint: hub,
    tokenHosts: [],
  })
  assert.equal(url.origin + url.pathname, 'https://auth.docker.io/token')
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    x: '1',
    service: 's',
    scope: 'repository:a/b:pull',
  })
})

test('tokenUrl asks nobody else', () => {
  const refused: [realm: string, why: RegExp, endpoint?: string][] = [
    ['https://evil.example/token', /add evil\.example to the tokenHosts/],
    ['https://docker.io.evil.example/token', /not its own/],
    ['https://evildocker.io/token', /not its own/],
    ['http://auth.docker.io/token', /no TLS/],
    ['http://127.0.0.1/token', /no TLS/],
    ['https://169.254.169.254/token', /another address/],
    ['https://[::1]/token', /another address/],
    ['https://2852039166/token', /another address/],
    ['https://u:p@auth.docker.io/token', /credentials in it/],
    ['file:///etc/passwd', /no TLS/],
    ['/token', /no URL/],
    ['', /no URL/],
    ['https://evil.co.uk/token', /not its own/, 'https://registry.bank.co.uk'],
    ['https://evil.s3.amazonaws.com/', /not its own/, 'https://1.dkr.ecr.eu.amazonaws.com'],
    ['https://10.0.0.2/token', /another address/, 'https://10.0.0.1'],
  ]
  for (const [realm, why, endpoint = hub.href] of refused)
    assert.throws(
      () => tokenUrl(challenge(realm), 's', { endpoint: new URL(endpoint), tokenHosts: [] }),
      why,
      realm,
    )
})

test('tokenUrl trusts hosts that the operator names, and loopback from loopback', () => {
  const allowed: [realm: string, endpoint: string, tokenHosts: string[]][] = [
    ['https://authn.nvidia.com/token', 'https://nvcr.io', ['authn.nvidia.com']],
    ['http://127.0.0.1:9/token', 'http://localhost:8', []],
    ['https://10.0.0.1:9/token', 'https://10.0.0.1', []],
  ]
  for (const [realm, endpoint, tokenHosts] of allowed)
    assert.ok(tokenUrl(challenge(realm), 's', { endpoint: new URL(endpoint), tokenHosts }), realm)
})

test('ownDomain is what one owner has registered', () => {
  const cases = {
    'registry-1.docker.io': 'docker.io',
    'ghcr.io': 'ghcr.io',
    'a.b.example.co.uk': 'example.co.uk',
    'x.github.io': 'x.github.io',
    '10.0.0.1': '10.0.0.1',
  }
  for (const [host, domain] of Object.entries(cases)) assert.equal(ownDomain(host), domain)
})
