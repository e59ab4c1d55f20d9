import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure, readAnswer } from './nft-conversation.ts'

const apply = { marker: 'ccs-done-7', isQuery: false }
const query = { marker: 'ccs-done-7', isQuery: true }
const markerError = 'Error: syntax error, unexpected string\nccs-done-7\n^^^^^^^^^^\n'
const queryEnd = 'payload expression, datatype ipv4_addr (IPv4 address), 32 bits\n'

test('readAnswer waits for the whole complaint about the marker', () => {
  for (let length = 0; length < markerError.length; length++)
    assert.equal(readAnswer(apply, { stdout: '', stderr: markerError.slice(0, length) }), undefined)
  assert.deepEqual(readAnswer(apply, { stdout: '', stderr: markerError }), {
    complaint: '',
    output: '',
  })
})

test('readAnswer keeps what nft said before the marker, without our file name', () => {
  const stderr = `In file included from <cmdline>:1:1-28:\n/proc/self/fd/3:5:15-22: Error: Could not process rule: No such file or directory\nadd rule inet x c accept\n              ^\n${markerError}`
  const answer = readAnswer(apply, { stdout: '', stderr })
  assert.match(answer?.complaint ?? '', /^ruleset:5:15-22: Error: Could not process rule/)
  assert.ok(isFailure(answer?.complaint ?? ''))
})

test('readAnswer does not take the marker of another request for its own', () => {
  const stderr = markerError.replace('ccs-done-7', 'ccs-done-6')
  assert.equal(readAnswer(apply, { stdout: '', stderr }), undefined)
})

test('readAnswer of a query waits for the end of the output too', () => {
  const listing = 'table inet one {\n}\n'
  assert.equal(readAnswer(query, { stdout: listing, stderr: markerError }), undefined)
  assert.deepEqual(readAnswer(query, { stdout: listing + queryEnd, stderr: markerError }), {
    complaint: '',
    output: listing,
  })
})

test('isFailure does not take a warning for an error', () => {
  assert.equal(isFailure('# Warning: table ip filter is managed by iptables-nft'), false)
})
