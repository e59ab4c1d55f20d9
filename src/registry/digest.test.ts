import assert from 'node:assert/strict'
import { test } from 'node:test'
import { algorithmOf, digestOf, parseDigest } from './digest.ts'

test('parseDigest takes full lower-case sha256 and sha512 only', () => {
  const [a64, a128] = ['a'.repeat(64), 'a'.repeat(128)]
  assert.equal(parseDigest(`sha256:${a64}`), `sha256:${a64}`)
  assert.equal(parseDigest(`sha512:${a128}`), `sha512:${a128}`)
  const refused = [
    '',
    'sha256:',
    `sha256:${a64.slice(1)}`,
    `sha256:${a64}a`,
    `sha256:${a64.toUpperCase()}`,
    `sha512:${a64}`,
    `md5:${a64}`,
    `SHA256:${a64}`,
    `sha256:${a64}\n`,
    `sha256:${'../'.repeat(22)}`.slice(0, 71),
  ]
  for (const text of refused) assert.equal(parseDigest(text), undefined, JSON.stringify(text))
})

test('digestOf hashes by the algorithm asked for', () => {
  assert.equal(
    digestOf(Buffer.from('')),
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  assert.equal(algorithmOf(digestOf(Buffer.from(''), 'sha512')), 'sha512')
  assert.ok(parseDigest(digestOf(Buffer.from('x'), 'sha512')))
})
