import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderHostTable } from './host-table.ts'
import { planCluster } from './network-plan.ts'

const clusters = [64, 65].map((n) => ({
  uplink: `ccsabcdefu${n}`,
  plan: planCluster(`10.${n}.0.0/16`),
}))

test('renderHostTable replaces its own table and no other', () => {
  const text = renderHostTable('ccs-abcdef', clusters)
  const tables = [...text.matchAll(/table \w+ ([\w-]+)/g)].map((match) => match[1])
  assert.deepEqual(new Set(tables), new Set(['ccs-abcdef']))
  assert.match(text, /^table inet ccs-abcdef \{\n\}\ndelete table inet ccs-abcdef\n/)
})

test('renderHostTable lets each uplink reach its own gateway only', () => {
  const text = renderHostTable('ccs-abcdef', clusters)
  assert.match(
    text,
    /elements = \{ "ccsabcdefu64" \. 10\.64\.1\.1, "ccsabcdefu65" \. 10\.65\.1\.1 \}/,
  )
  assert.match(text, /chain from-cluster \{[^}]*\{ 443, 53, 5000 \}[^}]*\bdrop\n/)
})

test('renderHostTable writes no empty element lists, which nft would refuse', () => {
  assert.doesNotMatch(renderHostTable('ccs-abcdef', []), /elements = \{\s*\}/)
})
