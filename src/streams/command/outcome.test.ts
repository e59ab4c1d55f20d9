import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { streamLimits } from '../limits.ts'
import { lostStatus, outcomeOf, readOutcomeText, renderOutcome } from './outcome.ts'
import { spdyCommandProtocols } from './protocols.ts'

/** As containerd writes it. */
const EXIT_3 = JSON.stringify({
  metadata: {},
  status: 'Failure',
  message: 'command terminated with non-zero exit code: exit status 3',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: '3' }] },
})
const [v5, , v3] = spdyCommandProtocols

test('outcomeOf reads success, exit codes and failures', () => {
  assert.deepEqual(outcomeOf('{"metadata":{},"status":"Success"}'), { type: 'exited', exitCode: 0 })
  assert.deepEqual(outcomeOf(EXIT_3), { type: 'exited', exitCode: 3 })
  const lost = outcomeOf(lostStatus('the machine is gone'))
  assert.equal(lost.type, 'failed')
  assert.equal(
    lost.type === 'failed' && lost.message,
    'Internal error occurred: the machine is gone',
  )
})

test('outcomeOf takes nothing for a success that does not say so', () => {
  for (const text of ['', 'no JSON', '7', 'null', EXIT_3.replace('"3"', '"three"')])
    assert.equal(outcomeOf(text).type, 'failed', text)
})

test('renderOutcome writes a Status, or its message for versions without', () => {
  assert.equal(renderOutcome(EXIT_3, v5!), EXIT_3)
  assert.equal(
    renderOutcome(EXIT_3, v3!),
    'command terminated with non-zero exit code: exit status 3',
  )
  assert.equal(renderOutcome('{"status":"Success"}', v3!), '')
})

test('readOutcomeText reads to the end and keeps no more than the bound', async () => {
  const block = Buffer.alloc(64 * 1024, 'x')
  const text = await readOutcomeText(Readable.from(Array.from({ length: 10 }, () => block)))
  assert.equal(text.length, streamLimits.statusBytesMax)
})
