import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardLimits } from './forward-limits.ts'
import { Http1Exchange } from './http1-exchange.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** Plays a talk: lines of the client begin with ">", lines of the server with "<". */
function after(...talk: string[]): Http1Exchange {
  const exchange = new Http1Exchange()
  for (const line of talk)
    if (line.startsWith('>')) exchange.fromClient(Buffer.from(line.slice(1)))
    else exchange.fromServer(Buffer.from(line.slice(1)))
  return exchange
}

const state = (...talk: string[]) => after(...talk).state
const replay = (...talk: string[]) => {
  const { replay: chunks } = after(...talk)
  return chunks && Buffer.concat(chunks).toString()
}

test('Http1Exchange follows a request and its answer', () => {
  assert.equal(state(), 'fresh')
  assert.equal(state(`>${GET}`), 'asking')
  assert.equal(state(`>${GET}`, '<HTTP/1.1 200'), 'answering')
  assert.equal(state(`>${GET}`, `<${OK}`), 'idle')
  assert.equal(state(`>${GET}`, `<${OK}`, `>${GET}`), 'asking')
})

test('Http1Exchange follows them in any pieces', () => {
  const pieces = (text: string, mark: string) => Array.from(text).map((letter) => mark + letter)
  const once = [...pieces(GET, '>'), ...pieces(OK, '<')]
  assert.equal(state(...once, ...once), 'idle')
  assert.equal(state(...once, ...once.slice(0, -1)), 'answering')
})

test('Http1Exchange knows the end of a chunked answer, of one to HEAD, of 204 and of 304', () => {
  const chunked = '<HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n'
  assert.equal(state(`>${GET}`, chunked), 'answering')
  assert.equal(state(`>${GET}`, chunked, '<0\r\n\r\n'), 'idle')
  const head = '>HEAD / HTTP/1.1\r\nhost: a\r\n\r\n'
  assert.equal(state(head, '<HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n'), 'idle')
  assert.equal(state(head, '<HTTP/1.1 200 OK\r\n\r\n'), 'idle')
  assert.equal(state(`>${GET}`, '<HTTP/1.1 204 No Content\r\n\r\n'), 'idle')
  assert.equal(state(`>${GET}`, '<HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n'), 'idle')
})

test('Http1Exchange knows that an answer is the last, and when that is whole', () => {
  const closing = '<HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n'
  assert.equal(state(`>${GET}`, closing), 'last')
  assert.equal(state(`>${GET}`, `${closing}ok`), 'done')
  assert.equal(state(`>${GET}`, `${closing}ok`, `>${GET}`), 'opaque')
  assert.equal(state(`>${GET}`, '<HTTP/1.1 200 OK\r\n\r\nuntil the end'), 'last')
  assert.equal(state(`>${GET}`, '<HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'), 'done')
})

test('Http1Exchange waits for the answer behind an interim one', () => {
  const ask = '>POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n'
  const go = '<HTTP/1.1 100 Continue\r\n\r\n'
  assert.equal(state(ask, go), 'asking')
  assert.equal(state(ask, go, '>hi', `<${OK}`), 'idle')
})

for (const [criterion, ...talk] of [
  ['that begins with the server', '<220 mail ready\r\n'],
  ['that is not HTTP', '>\x16\x03\x01\x02\x00\x01\n'],
  ['that was upgraded', '>GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
  ['by CONNECT', '>CONNECT a:1 HTTP/1.1\r\n\r\n'],
  ['that is pipelined', `>${GET}${GET}`],
  ['that is pipelined in part', `>${GET}GET / HT`],
  ['that is pipelined later', `>${GET}`, `>${GET}`],
  [
    'answered before all was asked',
    '>POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nhalf',
    '<HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n',
  ],
  ['whose server says more than it was asked', `>${GET}`, `<${OK}`, `<${OK}`],
  ['with a length that is none', `>${GET}`, '<HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n'],
] as const)
  test(`Http1Exchange leaves a connection alone ${criterion}`, () => {
    assert.equal(state(...talk), 'opaque')
    assert.equal(state(...talk, `>${GET}`, `<${OK}`), 'opaque')
  })

test('Http1Exchange has a request to send anew until its answer begins', () => {
  assert.equal(replay(`>${GET}`), GET)
  assert.equal(replay('>GET / HTT'), undefined)
  assert.equal(
    replay(`>${GET}`, `<${OK}`, '>GET /2 HTTP/1.1\r\nh', '>: a\r\n\r\n'),
    'GET /2 HTTP/1.1\r\nh: a\r\n\r\n',
  )
  assert.equal(replay(`>${GET}`, '<HTTP'), undefined)
  const put = 'PUT / HTTP/1.1\r\ncontent-length: 4\r\n\r\n'
  assert.equal(replay(`>${put}ha`, '>lf'), `${put}half`)
})

test('Http1Exchange has no request to send anew that may not be sent twice, or is long', () => {
  assert.equal(replay('>POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n'), undefined)
  const length = forwardLimits.replayBytesMax
  const long = `>PUT / HTTP/1.1\r\ncontent-length: ${length}\r\n\r\n${'x'.repeat(length)}`
  assert.equal(replay(long), undefined)
  assert.equal(state(long), 'asking')
})

test('Http1Exchange reads the answer of another server from its beginning', () => {
  const exchange = after(`>${GET}`)
  exchange.restartAnswer()
  exchange.fromServer(Buffer.from(OK))
  assert.equal(exchange.state, 'idle')
})
