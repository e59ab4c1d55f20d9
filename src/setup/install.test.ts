import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { aptIsBusy, runApt } from './install.ts'
import { SetupError } from './setup-error.ts'

const BUSY =
  "'apt-get update -q' failed (100):\n  E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)"

test('aptIsBusy knows a held lock and who holds it', () => {
  assert.deepEqual(aptIsBusy(BUSY), { pid: '812' })
  const dpkg = 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend)'
  assert.deepEqual(aptIsBusy(dpkg), { pid: undefined })
  assert.equal(aptIsBusy('E: Unable to locate package runc'), undefined)
})

test('runApt waits for another apt, says once for whom, and then goes on', async () => {
  const clock = fakeClock()
  const said: string[] = []
  let tries = 0
  const done = runApt(
    ['apt-get', 'update'],
    { clock, say: (line) => said.push(line) },
    async () => {
      if (++tries < 4) throw new SetupError(BUSY)
    },
  )
  await clock.advance(60_000)
  await done
  assert.equal(tries, 4)
  assert.deepEqual(said, ['apt is in use by process 812; waiting for it to end ...'])
})

test('runApt does not try again what failed for another reason', async () => {
  let tries = 0
  const failing = runApt(['apt-get'], { clock: fakeClock(), say: () => undefined }, async () => {
    tries++
    throw new SetupError('E: Unable to locate package runc')
  })
  await assert.rejects(failing, /locate package/)
  assert.equal(tries, 1)
})
