import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { Access } from './access.ts'
import { emptyAccess } from './access-state.ts'
import { LogIn, logInLimits } from './log-in.ts'

const ann = { name: 'ann', uid: 'u', disabled: false, administrator: false, passwordHash: 'right' }
const here = { address: '192.0.2.1', cluster: undefined }

function made(verify = (hash: string, password: string) => Promise.resolve(hash === password)) {
  const clock = fakeClock()
  const access = new Access({ clock, state: { ...emptyAccess, users: [ann] } })
  let hashed = 0
  const logIn = new LogIn({
    access,
    clock,
    verify: (hash, password) => {
      hashed++
      return verify(hash, password)
    },
  })
  const tryOut = (username: string, password: string, from = here) =>
    logIn.account({ username, password }, from)
  return { clock, access, tryOut, hashed: () => hashed }
}

test('a right password is hashed once for a while, and again when it was changed', async () => {
  const { clock, access, tryOut, hashed } = made()
  for (let i = 0; i < 3; i++) assert.equal((await tryOut('ann', 'right'))?.kind, 'user')
  assert.equal(hashed(), 1)
  await clock.advance(logInLimits.rememberMs)
  await tryOut('ann', 'right')
  assert.equal(hashed(), 2)
  access.update({ ...emptyAccess, users: [{ ...ann, passwordHash: 'other' }] })
  assert.equal(await tryOut('ann', 'right'), undefined)
  assert.equal(hashed(), 3)
})

test('somebody unknown costs as much as a wrong password', async () => {
  const { tryOut, hashed } = made()
  assert.equal(await tryOut('nobody', 'guess'), undefined)
  assert.equal(hashed(), 1)
})

test('an address that is often wrong waits; others, and who is known to be right, do not', async () => {
  const { clock, tryOut } = made()
  await tryOut('ann', 'right')
  for (let i = 0; i < logInLimits.failuresMax; i++) await tryOut('ann', `guess ${i}`)
  await assert.rejects(tryOut('ann', 'guess'), { code: 'TOOMANYREQUESTS', status: 429 })
  await assert.rejects(tryOut('bob', 'guess'), { code: 'TOOMANYREQUESTS' })
  assert.equal((await tryOut('ann', 'right'))?.kind, 'user')
  const there = { ...here, address: '192.0.2.2' }
  assert.equal(await tryOut('ann', 'guess', there), undefined)
  await clock.advance(logInLimits.failureWindowMs + 1)
  assert.equal(await tryOut('ann', 'guess'), undefined)
})

test('slow hashes run a few at a time, and more than may wait are sent away', async () => {
  const waiting: (() => void)[] = []
  let running = 0
  let most = 0
  const { tryOut } = made(async () => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => waiting.push(resolve))
    running--
    return true
  })
  const { hashesMax, waitingMax } = logInLimits
  const from = (at: number) => ({ ...here, address: `192.0.2.${at}` })
  const tries = Array.from({ length: hashesMax + waitingMax + 1 }, (_, at) =>
    tryOut('ann', `password ${at}`, from(at)).catch((error: { code: string }) => error.code),
  )
  assert.equal(await tries.at(-1), 'TOOMANYREQUESTS')
  const rest = Promise.all(tries)
  let isOver = false
  void rest.then(() => (isOver = true))
  while (!isOver) {
    waiting.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(
    (await rest).filter((account) => account !== 'TOOMANYREQUESTS').length,
    hashesMax + waitingMax,
  )
  assert.equal(most, hashesMax)
})
