import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equalSecrets, hashToken, newSecretToken } from './secret-token.ts'

test('newSecretToken gives 256 bits in characters that fit everywhere, never twice', () => {
  const tokens = Array.from({ length: 100 }, () => newSecretToken())
  assert.equal(new Set(tokens).size, 100)
  for (const token of tokens) assert.match(token, /^[A-Za-z0-9_-]{43}$/)
})

test('hashToken is SHA-256 in hex', () => {
  // FIPS 180-2, appendix B.1.
  assert.equal(hashToken('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('equalSecrets compares secrets of any length', () => {
  assert.equal(equalSecrets('secret', 'secret'), true)
  assert.equal(equalSecrets('secret', 'secreT'), false)
  assert.equal(equalSecrets('secret', 'secret and more'), false)
  assert.equal(equalSecrets('', ''), true)
})
