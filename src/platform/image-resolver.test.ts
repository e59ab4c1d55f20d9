import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createImageResolver } from './image-resolver.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

const resolverWith = (known: Record<string, string>) =>
  createImageResolver(async (repository, reference) => known[`${repository} ${reference}`])

test('createImageResolver prefers the project, then the library, and pins the digest', async () => {
  const resolve = resolverWith({ 'shop/web latest': DIGEST, 'library/nginx 1': DIGEST })
  assert.deepEqual(await resolve('shop', 'web'), {
    found: true,
    image: `registry.ccs.internal/shop/web:latest@${DIGEST}`,
  })
  assert.deepEqual(await resolve('shop', 'nginx:1'), {
    found: true,
    image: `registry.ccs.internal/library/nginx:1@${DIGEST}`,
  })
})

test('createImageResolver takes a name with a host of its own as it is', async () => {
  const resolve = resolverWith({})
  assert.deepEqual(await resolve('shop', 'ghcr.io/a/b:1'), { found: true, image: 'ghcr.io/a/b:1' })
})

test('createImageResolver says what it looked for and how to mend it', async () => {
  const resolve = resolverWith({})
  const missing = await resolve('shop', 'web:2')
  assert.equal(missing.found, false)
  assert.match(
    missing.found ? '' : missing.message,
    /shop\/web.*tag "2".*ccs image build DIR -t web:2/s,
  )
  const wrong = await resolve('shop', 'NOT A NAME')
  assert.match(wrong.found ? '' : wrong.message, /is not an image name/)
})
