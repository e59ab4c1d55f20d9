import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readYamlText } from './yaml-text.ts'

test('readYamlText gives the last of repeated keys, and names their lines', () => {
  const { value, repeatedKeys } = readYamlText('a: 1\nb:\n  - c: x\n    c: y\na: 2\n')
  assert.deepEqual(value, { a: 2, b: [{ c: 'y' }] })
  assert.equal(
    repeatedKeys,
    'yaml: unmarshal errors:\n  line 5: key "a" already set in map\n  line 4: key "c" already set in map',
  )
})

test('readYamlText finds nothing in maps that only look alike', () => {
  const text = 'base: &base {a: 1}\nlist:\n  - {a: 1}\n  - {a: 1}\n"1": x\n1: y\n'
  assert.equal(readYamlText(text).repeatedKeys, undefined)
})

test('readYamlText refuses what is no YAML, several documents, and aliases that explode', () => {
  assert.throws(() => readYamlText('a: ['), { name: 'YAMLParseError' })
  assert.throws(() => readYamlText('a: 1\n---\nb: 2\n'), { name: 'YAMLParseError' })
  const levels = 'abcdefghi'.split('')
  const bomb = levels
    .map((name, at) => {
      const before = at === 0 ? 'x' : `*${levels[at - 1]}`
      return `${name}: &${name} [${Array(9).fill(before).join(', ')}]`
    })
    .join('\n')
  assert.throws(() => readYamlText(bomb), ReferenceError)
})
