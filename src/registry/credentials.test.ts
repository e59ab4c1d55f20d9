import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashToken } from '#identity/secret-token.ts'
import { parseBasicAuthorization, parseCredentials } from './credentials.ts'

test('parseCredentials names the entry that is wrong', () => {
  const user = { name: 'a', tokenHash: hashToken('x'), role: 'pull' }
  assert.deepEqual(parseCredentials(JSON.stringify({ users: [user] }), 'f').users, [user])
  const wrong = (entry: object) => () =>
    parseCredentials(JSON.stringify({ users: [user, { ...user, ...entry }] }), 'registry.json')
  assert.throws(wrong({ name: '' }), /registry\.json: users\[1\]\.name/)
  assert.throws(wrong({ tokenHash: 'secret' }), /registry\.json: users\[1\]\.tokenHash/)
  assert.throws(wrong({ role: 'root' }), /registry\.json: users\[1\]\.role/)
  assert.throws(() => parseCredentials('{}', 'registry.json'), /"users" must be a list/)
})

test('parseBasicAuthorization parts at the first colon and refuses other schemes', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  assert.deepEqual(parseBasicAuthorization(basic('a:b:c')), { username: 'a', password: 'b:c' })
  assert.deepEqual(parseBasicAuthorization(basic(':')), { username: '', password: '' })
  for (const header of [undefined, '', 'Basic', 'Bearer abc', basic('nocolon'), 'Basic @@@'])
    assert.equal(parseBasicAuthorization(header), undefined, header)
})
