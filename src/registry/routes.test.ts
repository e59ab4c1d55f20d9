import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRoute } from './routes.ts'

const DIGEST = `sha256:${'0'.repeat(64)}` as const

test('parseRoute reads every route of the distribution spec', () => {
  const repository = 'p/r'
  assert.deepEqual(parseRoute('/v2/'), { type: 'ping' })
  assert.deepEqual(parseRoute('/v2/_catalog'), { type: 'catalog' })
  assert.deepEqual(parseRoute('/v2/p/r/tags/list'), { type: 'tags', repository })
  assert.deepEqual(parseRoute('/v2/p/r/blobs/uploads/'), { type: 'uploads', repository })
  assert.deepEqual(parseRoute('/v2/p/r/blobs/uploads'), { type: 'uploads', repository })
  assert.deepEqual(parseRoute('/v2/p/r/blobs/uploads/x'), {
    type: 'upload',
    repository,
    uploadId: 'x',
  })
  assert.deepEqual(parseRoute(`/v2/p/r/blobs/${DIGEST}`), {
    type: 'blob',
    repository,
    digest: DIGEST,
  })
  assert.deepEqual(parseRoute(`/v2/p/r/referrers/${DIGEST.replace(':', '%3A')}`), {
    type: 'referrers',
    repository,
    digest: DIGEST,
  })
  assert.deepEqual(parseRoute('/v2/p/r/manifests/latest'), {
    type: 'manifest',
    repository,
    reference: { type: 'tag', tag: 'latest' },
  })
  assert.deepEqual(parseRoute(`/v2/p/r/manifests/${DIGEST}`), {
    type: 'manifest',
    repository,
    reference: { type: 'digest', digest: DIGEST },
  })
})

test('parseRoute lets repositories have names that look like routes', () => {
  const named = (path: string) => (parseRoute(path) as { repository: string }).repository
  assert.equal(named('/v2/a/blobs/uploads/manifests/latest'), 'a/blobs/uploads')
  assert.equal(named('/v2/manifests/tags/list/manifests/latest'), 'manifests/tags/list')
  assert.equal(named('/v2/v2/v2/tags/list'), 'v2/v2')
  assert.equal(named(`/v2/foo/referrers/x/referrers/${DIGEST}`), 'foo/referrers/x')
})

test('parseRoute refuses names that are none or could lead out of a directory', () => {
  const names = [
    'single',
    'p/../r',
    'p/%2e%2e/r',
    'p//r',
    '/p/r',
    'P/R',
    'p/r/',
    'p/.r',
    'p/r_',
    'p/a___b',
    'p/\0',
    'p/ä',
    `p/${'a'.repeat(300)}`,
  ]
  for (const name of names)
    assert.throws(() => parseRoute(`/v2/${name}/tags/list`), { code: 'NAME_INVALID' }, name)
  for (const name of ['p/r', 'p-1/r.x_y__z--w/deep/er', '0/0'])
    assert.equal(parseRoute(`/v2/${name}/tags/list`)?.type, 'tags', name)
})

test('parseRoute takes a malformed digest for no tag', () => {
  for (const kind of ['manifests', 'blobs', 'referrers'])
    assert.throws(() => parseRoute(`/v2/p/r/${kind}/sha256:baddigeststring`), {
      code: 'DIGEST_INVALID',
    })
})

test('parseRoute knows no other paths', () => {
  for (const path of ['', '/', '/v1/', '/v2/x', '/v2/p/r', '/v2/p/r/blobs/uploads/a/b', '/ccs/v1/'])
    assert.equal(parseRoute(path), undefined, path)
})
