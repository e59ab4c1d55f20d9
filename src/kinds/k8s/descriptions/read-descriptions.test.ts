import assert from 'node:assert/strict'
import { test } from 'node:test'
import schemas from '../schemas.json' with { type: 'json' }
import { COMMON_FIELDS, readDescriptions } from './read-descriptions.ts'

const CHARS_MAX = 400

interface Described {
  properties?: Record<string, unknown>
}

const all = schemas as Readonly<Record<string, Described>>
const descriptions = readDescriptions()

test('every description is of a type and a field that there are, and is a short sentence', () => {
  for (const [type, fields] of descriptions) {
    const schema = all[type]
    assert.ok(schema !== undefined, `there is no type ${type}`)
    for (const [field, text] of Object.entries(fields)) {
      const where = `${type} ${field}`
      assert.ok(field === '' || schema.properties?.[field] !== undefined, `there is no ${where}`)
      assert.match(text, /^\S.*\.$/, where)
      assert.ok(text.length <= CHARS_MAX, `${where} has ${text.length} characters`)
    }
  }
})

test('a type that is described has a word for each of its fields', () => {
  for (const [type, fields] of descriptions)
    for (const name of ['', ...Object.keys(all[type]?.properties ?? {})])
      assert.ok((fields[name] ?? COMMON_FIELDS[name]) !== undefined, `${type} lacks "${name}"`)
})
