import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StatusError } from '#base/errors.ts'
import {
  formatRequirements,
  matchesLabelMap,
  matchesLabelSelector,
  matchesRequirements,
  selectorCell,
} from './label-selector.ts'
import { parseLabelSelector } from './label-selector-parser.ts'

describe('parseLabelSelector', () => {
  const labels = { app: 'web', tier: 'front', n: '3', empty: '' }
  const cases: Record<string, boolean> = {
    '': true,
    'app=web': true,
    'app==web': true,
    'app = web , tier=front': true,
    'app!=web': false,
    'gone!=web': true,
    'app in (api, web)': true,
    'app in (api)': false,
    'app notin (api)': true,
    'gone notin (api)': true,
    app: true,
    '!app': false,
    '!gone': true,
    gone: false,
    'empty=': true,
    'app=': false,
    'empty in (,x)': true,
    'n>2': true,
    'n<2': false,
    'app>2': false,
    'gone>2': false,
    'in in (in)': false,
  }
  for (const [text, matches] of Object.entries(cases))
    test(`"${text}" ${matches ? 'matches' : 'does not match'}`, () => {
      assert.equal(matchesRequirements(parseLabelSelector(text), labels), matches)
    })

  const refused: Record<string, string> = {
    'a in': "unable to parse requirement: found '' expected: '('",
    'a=b,': "found '', expected: identifier after ','",
    ',a': "found ',', expected: !, identifier, or 'end of string'",
    'a=b c': "found 'c', expected: ',' or 'end of string'",
    '!a=b': "found '=', expected: ',' or 'end of string'",
    'a in (b': "unable to parse requirement: found '', expected: ',' or ')'",
    'a=(': "unable to parse requirement: found '(', expected: identifier",
    'a in ()':
      "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    'a>b':
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
  }
  for (const [text, message] of Object.entries(refused))
    test(`"${text}" is refused`, () => {
      assert.throws(
        () => parseLabelSelector(text),
        (error: unknown) => error instanceof StatusError && error.message === message,
      )
    })

  test('refuses keys and values that no label can have', () => {
    for (const text of ['a b/c=d', 'a=-', '-a'])
      assert.throws(() => parseLabelSelector(text), { reason: 'BadRequest' }, text)
  })
})

test('formatRequirements sorts by key and sorts values', () => {
  const requirements = parseLabelSelector('z=1,b in (y,x),!a,n>2,e')
  assert.equal(formatRequirements(requirements), '!a,b in (x,y),e,n>2,z=1')
})

test('matchesLabelSelector: an empty selector matches everything, none matches nothing', () => {
  assert.equal(matchesLabelSelector({}, undefined), true)
  assert.equal(matchesLabelSelector(undefined, { a: 'b' }), false)
  const selector = {
    matchLabels: { a: 'b' },
    matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['d'] }],
  }
  assert.equal(matchesLabelSelector(selector, { a: 'b' }), true)
  assert.equal(matchesLabelSelector(selector, { a: 'b', c: 'd' }), false)
})

test('a label named like a property of every object is not there unless it is set', () => {
  assert.equal(
    matchesLabelSelector({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}),
    false,
  )
  assert.equal(matchesLabelMap({ toString: 'x' }, {}), false)
})

test('selectorCell shows a selector or <none>', () => {
  assert.equal(selectorCell({ matchLabels: { b: '2', a: '1' } }), 'a=1,b=2')
  assert.equal(selectorCell({}), '<none>')
  assert.equal(selectorCell(undefined), '<none>')
})
