import assert from 'node:assert/strict'
import { test } from 'node:test'
import { webSocketToken } from './web-socket-token.ts'

const encoded = `base64url.bearer.authorization.k8s.io.${Buffer.from('se.cr-et').toString('base64url')}`

test('webSocketToken takes the token out of the protocols', () => {
  assert.deepEqual(webSocketToken([`${encoded}, v4.channel.k8s.io`]), {
    authorization: 'Bearer se.cr-et',
    protocols: ['v4.channel.k8s.io'],
  })
  assert.deepEqual(webSocketToken(['v5.channel.k8s.io', 'v4.channel.k8s.io']), {
    authorization: undefined,
    protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  })
  assert.deepEqual(webSocketToken(undefined), { authorization: undefined, protocols: [] })
})

test('webSocketToken refuses a token alone, and two of them', () => {
  for (const offered of [encoded, `${encoded},${encoded},v4.channel.k8s.io`])
    assert.throws(() => webSocketToken([offered]), { reason: 'Unauthorized' })
})
