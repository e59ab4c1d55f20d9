import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identifyProcess, isAlive, parseProcessStat } from './process-identity.ts'

const stat = (name: string, state: string) =>
  `42 (${name}) ${state} 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 10`

test('parseProcessStat reads state and start time whatever the name of the program is', () => {
  for (const name of ['sh', 'a b', 'x) R 9 (y', ''])
    assert.deepEqual(parseProcessStat(stat(name, 'S')), { state: 'S', startTime: '98765' })
})

test('isAlive tells a process from another that got its pid', () => {
  const self = identifyProcess(process.pid)
  assert.ok(self !== undefined && isAlive(self))
  assert.equal(isAlive({ pid: process.pid, startTime: '1' }), false)
})

test('identifyProcess knows no process of a pid that cannot be', () => {
  assert.equal(identifyProcess(2 ** 22 + 1), undefined)
})
