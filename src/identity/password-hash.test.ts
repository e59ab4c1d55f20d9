import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  hashPassword,
  isPasswordHash,
  PASSWORD_CHARS_MAX,
  verifyPassword,
} from './password-hash.ts'

test('a password is known by its hash, and no other is', async () => {
  const hash = await hashPassword('correct horse')
  assert.ok(isPasswordHash(hash))
  assert.ok(await verifyPassword(hash, 'correct horse'))
  assert.ok(!(await verifyPassword(hash, 'Correct horse')))
  assert.ok(!(await verifyPassword(hash, '')))
})

test('two hashes of one password differ', async () => {
  assert.notEqual(await hashPassword('same'), await hashPassword('same'))
})

test('what is no hash, or asks for too much, matches nothing', async () => {
  const [salt, tag] = ['c29tZXNhbHRzb21lc2FsdA', 'A'.repeat(43)]
  for (const hash of [
    '',
    'plain',
    `$argon2i$v=19$m=64,t=1,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=9999999,t=1,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=64,t=100,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=64,t=1,p=0$${salt}$${tag}`,
  ]) {
    assert.ok(!isPasswordHash(hash), hash)
    assert.ok(!(await verifyPassword(hash, 'x')), hash)
  }
})

test('a password that is too long matches nothing', async () => {
  const long = 'a'.repeat(PASSWORD_CHARS_MAX + 1)
  assert.ok(!(await verifyPassword(await hashPassword(long), long)))
})
