// The list of conformance tests says what holds: each of them once, and every test it names is there.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Entry {
  name: string
  /**
   * A test of ours has the same case; or tests of ours are about the same area, and nobody held them against
   * this case; or it is built and should hold; or it is known to be missing.
   */
  state: 'tested' | 'area' | 'built' | 'missing'
  test?: string
  note?: string
}

const COUNT = 446
const root = new URL('../../', import.meta.url)
const list = JSON.parse(
  readFileSync(new URL('test/data/kubernetes-1.36/conformance.json', root), 'utf8'),
) as Entry[]

test('every conformance test of 1.36 is listed once', () => {
  assert.equal(list.length, COUNT)
  assert.equal(new Set(list.map(({ name }) => name)).size, COUNT)
  for (const { name } of list) assert.match(name, /^\[sig-[a-z-]+\] .*\[Conformance\]/)
})

test('what is tested names its test, what is missing says why', () => {
  for (const { name, state, test: file, note } of list) {
    assert.ok(['tested', 'area', 'built', 'missing'].includes(state), name)
    assert.equal(file !== undefined, state === 'tested' || state === 'area', name)
    if (file !== undefined) assert.ok(existsSync(new URL(file, root)), `${name}: ${file}`)
    if (state === 'missing') assert.ok(note, name)
  }
})
