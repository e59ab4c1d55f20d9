import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf, parseImageName, shortImage, withDigest } from './image-name.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test('parseImageName takes host, repository, tag and digest apart', () => {
  const cases: [string, ReturnType<typeof parseImageName>][] = [
    ['web', { host: undefined, repository: 'web', tag: 'latest', digest: undefined }],
    ['team/web:1.2', { host: undefined, repository: 'team/web', tag: '1.2', digest: undefined }],
    [
      'localhost:5000/a/b',
      { host: 'localhost:5000', repository: 'a/b', tag: 'latest', digest: undefined },
    ],
    [
      `ghcr.io/a/b@${DIGEST}`,
      { host: 'ghcr.io', repository: 'a/b', tag: 'latest', digest: DIGEST },
    ],
  ]
  for (const [text, expected] of cases) assert.deepEqual(parseImageName(text), expected, text)
  for (const wrong of ['', 'UPPER', 'a b', 'web:', '-web', 'a//b', `web@sha256:short`])
    assert.equal(parseImageName(wrong), undefined, wrong)
})

test('withDigest pins a name, digestOf reads it back, shortImage cuts it for tables', () => {
  const other = `sha256:${'b'.repeat(64)}`
  assert.equal(withDigest('web:1', DIGEST), `web:1@${DIGEST}`)
  assert.equal(withDigest(`web:1@${other}`, DIGEST), `web:1@${DIGEST}`)
  assert.equal(digestOf(`web:1@${DIGEST}`), DIGEST)
  assert.equal(digestOf('web:1'), undefined)
  assert.equal(shortImage(`web:1@${DIGEST}`), `web:1@sha256:${'a'.repeat(12)}`)
  assert.equal(shortImage('web:1'), 'web:1')
})
