import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { defaultPolicy } from '#apiserver/audit/default-policy.ts'
import { fakeClock } from '#base/fake-clock.ts'
import { lineLogger } from '#base/log.ts'
import { auditPolicyFile } from './engine-audit.ts'

let directory: string
let file: string
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'ccs-audit-policy-'))
  file = path.join(directory, 'audit-policy.yaml')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const policyOf = (level: string) =>
  `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: ${level}\n`

function open() {
  const clock = fakeClock()
  const said: { message: string; error?: string }[] = []
  const log = lineLogger({
    write: (line) => void said.push(JSON.parse(line) as (typeof said)[number]),
    now: () => clock.now(),
    level: 'info',
  })
  return { said, clock, policy: auditPolicyFile({ file, clock, log }) }
}

test('without a file the default policy holds, and again when the file is gone', () => {
  const { policy } = open()
  policy.look()
  assert.equal(policy.value(), defaultPolicy)
  writeFileSync(file, policyOf('Request'))
  policy.look()
  assert.deepEqual(policy.value().rules, [{ level: 'Request' }])
  rmSync(file)
  policy.look()
  assert.equal(policy.value(), defaultPolicy)
})

test('a file that is wrong keeps the policy before it, and says once why', () => {
  const { policy, said } = open()
  writeFileSync(file, policyOf('Request'))
  policy.look()
  writeFileSync(file, policyOf('Everything'))
  policy.look()
  policy.look()
  assert.deepEqual(policy.value().rules, [{ level: 'Request' }])
  assert.match(policy.fault ?? '', /^rules\[0\]\.level: Unsupported value: "Everything"/)
  assert.deepEqual(
    said.map(({ message }) => message),
    ['read the audit policy', 'the audit policy is wrong, the one before stays'],
  )
  writeFileSync(file, policyOf('None'))
  policy.look()
  assert.equal(policy.fault, undefined)
})

test('a file that is wrong at the start leaves the default policy', () => {
  const { policy } = open()
  writeFileSync(file, 'x'.repeat(2_000_000))
  policy.look()
  assert.equal(policy.value(), defaultPolicy)
  assert.match(policy.fault ?? '', /more than 1048576/)
})

test('a change is seen within a few seconds', async () => {
  const { policy, clock } = open()
  policy.start()
  writeFileSync(file, policyOf('Metadata'))
  await clock.advance(2_000)
  assert.deepEqual(policy.value().rules, [{ level: 'Metadata' }])
  await policy.stop()
})
