import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { churn } from './churn.ts'

test('kill -9 while images come and go and garbage is collected: nothing is lost, nothing is left', async (t) => {
  const seed = randomInt(2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const { acknowledged, deleted } = await churn({ kills: 20, seed })
  assert.ok(acknowledged > 20 && deleted > 5, `${acknowledged} pushed, ${deleted} deleted`)
})
