import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { stopSignals } from './stop-signals.ts'

test('signals have the numbers of the system, and those for real-time use their names', () => {
  for (const [name, number] of Object.entries(constants.signals))
    assert.equal(stopSignals[name], number, name)
  assert.deepEqual(
    ['SIGRTMIN', 'SIGRTMIN+15', 'SIGRTMAX-14', 'SIGRTMAX'].map((name) => stopSignals[name]),
    [34, 49, 50, 64],
  )
})
