import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile, evaluate } from './cel.ts'
import { compare, equals } from './equality.ts'
import { escapeName, fromJson, toJson, unescapeName } from './json-value.ts'
import { schemaLibrary } from './kubernetes-library.ts'
import { syntaxLimits } from './syntax/parser.ts'
import { DYN, STRING } from './types.ts'
import type { CelValue } from './values.ts'

const environment = { variables: { self: DYN, s: STRING }, library: schemaLibrary }

function run(text: string, bindings: Record<string, CelValue>): CelValue | undefined {
  const compiled = compile(text, environment)
  if (!compiled.ok) throw new Error(compiled.message)
  const result = evaluate(compiled.program, bindings, 1_000_000)
  return result.ok ? result.value : undefined
}

const PIECES = [
  'self',
  '.',
  'a',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '?',
  '!',
  '-',
  '+',
  '*',
  '/',
  '%',
  '==',
  '<',
  '&&',
  '||',
  ' in ',
  '1',
  '2u',
  '1.5',
  "'x'",
  'b"y"',
  'true',
  'null',
  'has',
  '.all(x, ',
  '.map(x, ',
  '.matches(',
  'size(',
  '.?',
  '[?',
  "r'\\",
  '"""',
  '0x',
  '1e',
  'optional.of(',
  'cel.bind(',
  '\n',
  '//',
  'for',
  'é',
  '\u0000',
]

test('no text makes the compiler or a run fail in another way than with a message', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const compiled = compile(text, environment)
      if (!compiled.ok) assert.match(compiled.message, /^ERROR: <input>:\d+:\d+: /)
      else evaluate(compiled.program, { self: 1n, s: 'x' }, 10_000)
    }),
    { numRuns: 3_000 },
  )
})

test('deep and long expressions are refused, not followed', () => {
  const deep = 100_000
  const texts = [
    '('.repeat(deep / 2),
    '['.repeat(deep / 2),
    '!'.repeat(deep - 1),
    '-'.repeat(deep - 1),
    `1${'+1'.repeat(deep / 2 - 1)}`,
    `a${'.a'.repeat(deep / 2 - 1)}`,
    `a${'[a'.repeat(deep / 2 - 1)}`,
    'true?'.repeat(deep / 5),
    'a'.repeat(syntaxLimits.lengthMax + 1),
  ]
  for (const text of texts) assert.equal(compile(text, environment).ok, false, text.slice(0, 10))
  assert.equal(compile(`true${'&&true'.repeat(10_000)}`, environment).ok, true)
})

test('a regular expression cannot take longer than its text is long', () => {
  const text = `${'a'.repeat(20_000)}!`
  assert.equal(run(String.raw`s.matches('^(a+)+$')`, { s: text }), false)
  assert.equal(run(String.raw`s.matches('(a|a)*b')`, { s: text }), false)
})

test('JSON is the same after a way through CEL', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as unknown
      assert.deepEqual(JSON.parse(JSON.stringify(toJsonOrSkip(json))), json)
    }),
  )
})

/** Whole numbers beyond 2^53 are refused on the way back: they are left as they are. */
function toJsonOrSkip(json: unknown): unknown {
  const large = JSON.stringify(json).match(/\d{16,}|e\+/)
  return large === null ? toJson(fromJson(json, DYN)) : json
}

test('equality is reflexive and symmetric, and agrees with order', () => {
  const number = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true }),
    fc.string(),
  )
  fc.assert(
    fc.property(number, number, (one, other) => {
      assert.equal(equals(one, one), true)
      assert.equal(equals(one, other), equals(other, one))
      const order = compare(one, other)
      if (order !== undefined) assert.equal(order === 0, equals(one, other))
    }),
  )
})

test('escaped names come back', () => {
  const names = fc.stringMatching(/^[a-z_./-]{0,12}$/)
  fc.assert(fc.property(names, (name) => assert.equal(unescapeName(escapeName(name)), name)))
  assert.equal(escapeName('namespace'), '__namespace__')
  assert.equal(escapeName('a-b.c/d__e'), 'a__dash__b__dot__c__slash__d__underscores__e')
})

test('integer arithmetic agrees with exact arithmetic or says overflow', () => {
  const int = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(int, int, (one, other) => {
      const bindings = { self: [one, other] }
      const fits = (value: bigint) => (BigInt.asIntN(64, value) === value ? value : undefined)
      assert.equal(run('self[0] + self[1]', bindings), fits(one + other))
      assert.equal(run('self[0] - self[1]', bindings), fits(one - other))
      assert.equal(run('self[0] * self[1]', bindings), fits(one * other))
    }),
  )
})
