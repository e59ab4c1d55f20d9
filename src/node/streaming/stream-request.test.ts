import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStreamRequest } from './stream-request.ts'

const read = (path: string) => readStreamRequest(new URL(path, 'http://agent'))

test('readStreamRequest reads an exec with all its words', () => {
  assert.deepEqual(
    read('/exec/ns/web-1/main?command=sh&command=-c&command=echo+a%26b&input=1&output=1&error=1'),
    {
      type: 'exec',
      namespace: 'ns',
      pod: 'web-1',
      container: 'main',
      command: ['sh', '-c', 'echo a&b'],
      streams: { stdin: true, stdout: true, stderr: true, tty: false },
    },
  )
})

test('readStreamRequest leaves stderr out where there is a terminal', () => {
  const asked = read('/attach/ns/p/c?output=1&error=1&tty=1')
  assert.deepEqual(asked?.type === 'attach' && asked.streams, {
    stdin: false,
    stdout: true,
    stderr: false,
    tty: true,
  })
})

test('readStreamRequest reads ports, in one parameter or several', () => {
  const asked = read('/portForward/ns/p?port=80,81&port=82')
  assert.deepEqual(asked?.type === 'portForward' && asked.ports, [80, 81, 82])
  assert.throws(() => read('/portForward/ns/p?port=0'), {
    status: 400,
    message: 'invalid port "0"',
  })
})

test('readStreamRequest refuses a command without streams and knows no other path', () => {
  assert.throws(() => read('/exec/ns/p/c?command=ls'), {
    status: 400,
    message: 'you must specify at least 1 of stdin, stdout, stderr',
  })
  assert.equal(read('/exec/ns/p'), undefined)
  assert.equal(read('/pods'), undefined)
})
