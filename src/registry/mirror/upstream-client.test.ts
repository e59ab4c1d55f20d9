import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { digestOf } from '../digest.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { fakeExchange, type FakeAnswer, type FakeServer } from './fake-exchange.ts'
import { mirrorLimits } from './mirror-limits.ts'
import { RateBudget } from './rate-budget.ts'
import { testUpstream } from './test-upstream.ts'
import { UpstreamClient } from './upstream-client.ts'
import type { UpstreamConfig } from './upstream-config.ts'
import { UpstreamError, type UpstreamProblem } from './upstream-error.ts'
import { UpstreamRequests } from './upstream-requests.ts'

const OCI = 'application/vnd.oci.image.manifest.v1+json'
const CHALLENGE =
  'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"'
const BLOB = digestOf(Buffer.from('blob'))

const setup = (server: FakeServer, more: Partial<UpstreamConfig> = {}) => {
  const clock = fakeClock()
  const config = testUpstream({ endpoints: ['https://registry-1.docker.io'], ...more })
  const { exchange, asked } = fakeExchange(server)
  const budget = new RateBudget({ host: config.host, clock, reservedPulls: config.reservedPulls })
  const breaker = new CircuitBreaker({ clock, host: config.host })
  const requests = new UpstreamRequests({ config, exchange, clock, budget })
  const client = new UpstreamClient({ config, requests, clock, budget, breaker })
  const get = (reference = 'latest') =>
    client.getManifest('library/nginx', reference, { purpose: 'interactive' })
  const blob = (start = 0) =>
    client.readBlob(
      'library/nginx',
      BLOB,
      { start, signal: new AbortController().signal },
      async ({ body, ...rest }) => {
        let text = ''
        for await (const chunk of body) text += Buffer.from(chunk).toString()
        return { text, ...rest }
      },
    )
  return { clock, client, asked, budget, breaker, get, blob }
}

const problem = (expected: UpstreamProblem, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UpstreamError, String(error))
  assert.equal(error.problem, expected, error.message)
  if (message !== undefined) assert.match(error.message, message)
  return true
}

/** A registry whose token service gives "t1", "t2" and so on, of which the last is good. */
const withTokens = (content: (path: string) => FakeAnswer, life = 300): FakeServer => {
  let given = 0
  return ({ url, headers }) => {
    const { hostname, pathname } = new URL(url)
    if (hostname === 'auth.docker.io')
      return { body: JSON.stringify({ token: `t${++given}`, expires_in: life }) }
    if (given === 0 || headers['authorization'] !== `Bearer t${given}`)
      return { status: 401, headers: { 'www-authenticate': CHALLENGE } }
    return content(pathname)
  }
}

const manifest = (): FakeAnswer => ({ headers: { 'content-type': OCI }, body: '{}' })

test('UpstreamClient gets a token for a repository, uses it again and renews it in time', async () => {
  const { get, asked, clock } = setup(withTokens(manifest), {
    credential: { username: 'u', password: 'p' },
  })
  assert.equal((await get()).mediaType, OCI)
  const [, token] = asked
  assert.equal(
    token!.url,
    'https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fnginx%3Apull',
  )
  assert.equal(token!.headers['authorization'], `Basic ${Buffer.from('u:p').toString('base64')}`)
  assert.equal(asked.length, 3)
  await get()
  assert.equal(asked.length, 4)
  await clock.advance(295_000)
  await get()
  assert.equal(asked.length, 7)
  for (const { url, headers } of asked)
    if (!url.startsWith('https://auth.docker.io/'))
      assert.doesNotMatch(headers['authorization'] ?? '', /Basic/, url)
})

test('UpstreamClient asks for one token for many requests at once', async () => {
  const { get, asked } = setup(withTokens(manifest))
  await Promise.all([get(), get(), get()])
  assert.equal(asked.filter(({ url }) => url.includes('auth.')).length, 1)
})

test('UpstreamClient ends when tokens are never taken', async () => {
  const { get, asked } = setup(({ url }) =>
    url.includes('auth.')
      ? { body: '{"access_token":"t"}' }
      : { status: 401, headers: { 'www-authenticate': CHALLENGE } },
  )
  await assert.rejects(get(), problem('denied', /docker\.io has no repository library\/nginx/))
  assert.equal(asked.length, 3)
  await assert.rejects(get(), problem('denied'))
  assert.ok(asked.length <= 6)
})

test('UpstreamClient never asks a token service that is not the own of the upstream', async () => {
  for (const realm of [
    'https://evil.example/t',
    'http://auth.docker.io/t',
    'https://169.254.169.254/t',
  ]) {
    const { get, asked } = setup(
      () => ({ status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}"` } }),
      { credential: { username: 'u', password: 'p' } },
    )
    await assert.rejects(get(), problem('untrue'))
    assert.equal(asked.length, 1, realm)
  }
})

test('UpstreamClient says what is wrong with the credential or the token service', async () => {
  const cases: [FakeAnswer, UpstreamProblem, RegExp][] = [
    [{ status: 401 }, 'denied', /does not take the credential of the Upstream hub/],
    [{ status: 429, headers: { 'retry-after': '7' } }, 'limited', /7 s/],
    [{ status: 503 }, 'unreachable', /token service auth\.docker\.io answered 503/],
    [{ body: '<html>' }, 'untrue', /no JSON/],
    [{ body: '{}' }, 'untrue', /no token/],
    [{ body: '{"token":"a\\nb: c"}' }, 'untrue', /no token/],
  ]
  for (const [answer, expected, message] of cases) {
    const { get } = setup(
      ({ url }) =>
        url.includes('auth.')
          ? answer
          : { status: 401, headers: { 'www-authenticate': CHALLENGE } },
      { credential: { username: 'u', password: 'p' } },
    )
    await assert.rejects(get(), problem(expected, message))
  }
})

test('UpstreamClient follows to other hosts without its token, and keeps the range', async () => {
  const server = withTokens(() => ({
    status: 307,
    headers: { location: 'https://cdn.example/data?sig=1' },
  }))
  const { blob, asked } = setup((request) =>
    request.url.startsWith('https://cdn.example/')
      ? { status: 206, headers: { 'content-range': 'bytes 5-8/9' }, body: 'tail' }
      : server(request),
  )
  assert.deepEqual(await blob(5), { text: 'tail', size: 9, start: 5 })
  const cdn = asked.at(-1)!
  assert.equal(cdn.headers['authorization'], undefined)
  assert.equal(cdn.headers['range'], 'bytes=5-')
  assert.deepEqual(cdn.reachable, ['public'])
  assert.equal(asked[0]!.reachable, undefined)
})

test('UpstreamClient lets a private upstream send it to its like, not to this computer', async () => {
  const { blob, asked } = setup(({ url }) =>
    url.includes('docker')
      ? { status: 302, headers: { location: 'https://10.0.0.9/x' }, addressClass: 'private' }
      : { body: 'blob' },
  )
  await blob()
  assert.deepEqual(asked.at(-1)!.reachable, ['public', 'private'])
})

test('UpstreamClient follows no redirect without TLS, with credentials, without end or without aim', async () => {
  for (const location of [
    'http://cdn.example/x',
    'https://u:p@cdn.example/',
    'file:///etc/passwd',
    'https://',
  ]) {
    const { blob, asked } = setup(() => ({ status: 302, headers: { location } }))
    await assert.rejects(blob(), problem('untrue', /not followed/))
    assert.equal(asked.length, 1)
  }
  const { blob, asked } = setup(() => ({ status: 302, headers: { location: '/again' } }))
  await assert.rejects(blob(), problem('untrue', /without end/))
  assert.equal(asked.length, mirrorLimits.redirectsMax + 1)
})

test('UpstreamClient tells one status from the other', async () => {
  const cases: [number, UpstreamProblem][] = [
    [404, 'unknown'],
    [403, 'denied'],
    [401, 'denied'],
    [500, 'unreachable'],
    [503, 'unreachable'],
    [418, 'untrue'],
  ]
  for (const [status, expected] of cases)
    await assert.rejects(setup(() => ({ status })).get(), problem(expected))
})

test('UpstreamClient takes a web page and an old format for no manifest', async () => {
  const of = (contentType: string) => setup(() => ({ headers: { 'content-type': contentType } }))
  await assert.rejects(of('text/html; charset=utf-8').get(), problem('untrue', /log-in page/))
  await assert.rejects(
    of('application/vnd.docker.distribution.manifest.v1+prettyjws').get(),
    problem('unsupported', /schema 1/),
  )
  await assert.rejects(of('text/html').blob(), problem('untrue', /log-in page/))
})

test('UpstreamClient takes neither compressed nor endless manifests', async () => {
  const headers = { 'content-type': OCI, 'content-encoding': 'gzip' }
  await assert.rejects(setup(() => ({ headers })).get(), problem('untrue', /as gzip/))
  async function* endless() {
    for (;;) yield Buffer.alloc(1024 * 1024)
  }
  const large = setup(() => ({ headers: { 'content-type': OCI }, body: endless() }))
  await assert.rejects(large.get(), problem('untrue', /larger than/))
})

test('UpstreamClient passes a refusal on and does not ask meanwhile', async () => {
  const { get, asked, client, clock } = setup(({ method }) =>
    method === 'GET' ? { status: 429, headers: { 'retry-after': '60' } } : manifest(),
  )
  await assert.rejects(get(), problem('limited'))
  await assert.rejects(get(), problem('limited'))
  assert.equal(asked.length, 1)
  await client.headManifest('library/nginx', 'latest')
  assert.equal(asked.length, 2, 'asking for a digest costs nothing and goes on')
  await clock.advance(60_000)
  await assert.rejects(get(), problem('limited'))
  assert.equal(asked.length, 3)
})

test('UpstreamClient reads the allowance of each manifest', async () => {
  const { get, budget } = setup(() => ({
    ...manifest(),
    headers: {
      'content-type': OCI,
      'ratelimit-limit': '100;w=21600',
      'ratelimit-remaining': '76;w=21600',
    },
  }))
  await get()
  assert.equal(budget.state.pulls?.remaining, 76)
})

test('UpstreamClient waits for no answer and no piece of it longer than its limits', async () => {
  const silent = setup(() => new Promise<FakeAnswer>(() => undefined))
  const first = assert.rejects(silent.get(), problem('timeout', /the answer of registry-1/))
  await silent.clock.advance(mirrorLimits.firstByteMs)
  await first
  async function* stopping() {
    yield Buffer.from('bl')
    await new Promise(() => undefined)
  }
  const idle = setup(() => ({ body: stopping() }))
  const second = assert.rejects(idle.blob(), problem('timeout', /the next piece/))
  await idle.clock.advance(mirrorLimits.idleMs)
  await second
  const trickling = setup(() => ({ body: trickle(trickling.clock) }))
  const third = assert.rejects(trickling.blob(), problem('timeout', /too slowly/))
  for (let seconds = 0; seconds < 80; seconds += 20) await trickling.clock.advance(20_000)
  await third
})

async function* trickle(clock: { sleep(ms: number): Promise<void> }) {
  for (;;) {
    yield Buffer.from('x')
    await clock.sleep(20_000)
  }
}

test('UpstreamClient goes on with the next endpoint, and stops asking when all fail', async () => {
  const endpoints = ['https://one.example', 'https://two.example']
  const one = setup(({ url }) => (url.includes('one.') ? { status: 502 } : manifest()), {
    endpoints,
  })
  assert.equal((await one.get()).mediaType, OCI)
  const none = setup(() => Promise.reject(new UpstreamError('unreachable', 'no route')), {
    endpoints,
  })
  await assert.rejects(none.get(), problem('unreachable', /no route/))
  await assert.rejects(none.get(), problem('unreachable', /no route/))
  assert.equal(none.asked.length, 4)
  await assert.rejects(none.get(), problem('unreachable', /not asked now/))
  assert.equal(none.asked.length, 4)
})

test('UpstreamClient asks nothing while it is offline, and nothing odd at all', async () => {
  const offline = setup(manifest, { offline: true })
  await assert.rejects(offline.get(), problem('offline'))
  for (const reference of ['../../v2', 'a?b', '%2e%2e', 'sha256:0', ''])
    await assert.rejects(setup(manifest).get(reference), problem('unknown'), reference)
})

test('UpstreamClient lists tags over pages, and asks only the upstream for them', async () => {
  const { client, asked } = setup(({ url }) => {
    const { searchParams } = new URL(url)
    return searchParams.get('last') === 'b'
      ? { body: '{"tags":["c","../x",1]}' }
      : {
          headers: { link: '<https://evil.example/v2/x/tags/list?last=b&n=2>; rel="next"' },
          body: '{"tags":["b","a"]}',
        }
  })
  assert.deepEqual(await client.tags('library/nginx'), ['a', 'b', 'c'])
  assert.equal(asked[1]!.url, 'https://registry-1.docker.io/v2/library/nginx/tags/list?last=b&n=2')
  const endless = setup(() => ({
    headers: { link: '</v2/x/tags/list?last=a>; rel="next"' },
    body: '{"tags":["a"]}',
  }))
  assert.deepEqual(await endless.client.tags('library/nginx'), ['a'])
  assert.equal(endless.asked.length, 2)
  assert.deepEqual(await setup(() => ({ body: '{"tags":null}' })).client.tags('x/y'), [])
  await assert.rejects(setup(() => ({ body: '[' })).client.tags('x/y'), problem('untrue'))
})

test('UpstreamClient notices when another part of a blob comes', async () => {
  const wrong = setup(() => ({ status: 206, headers: { 'content-range': 'bytes 0-3/9' } }))
  await assert.rejects(wrong.blob(5), problem('untrue', /another part/))
  const whole = setup(() => ({ headers: { 'content-length': '4' }, body: 'blob' }))
  assert.deepEqual(await whole.blob(2), { text: 'blob', size: 4, start: 0 })
})
