// What Kubernetes takes rules to cost, and what they cost it: definitions must be accepted and refused alike.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps } from '#kinds/k8s/apiextensions.ts'
import type { Program } from '../../cel/cel.ts'
import { compile, evaluate } from '../../cel/cel.ts'
import { fromJson } from '../../cel/json-value.ts'
import { schemaLibrary } from '../../cel/kubernetes-library.ts'
import { schemaType } from './schema-type.ts'

function programOf(rule: string, schema: JSONSchemaProps): Program {
  const { type } = schemaType(schema, false)!
  const compiled = compile(rule, { variables: { self: type }, library: schemaLibrary })
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.message)
  return compiled.program
}

const number: JSONSchemaProps = { type: 'number' }
const text: JSONSchemaProps = { type: 'string' }
const list = (items: JSONSchemaProps, maxItems?: number): JSONSchemaProps =>
  maxItems === undefined ? { type: 'array', items } : { type: 'array', items, maxItems }
const map = (additionalProperties: JSONSchemaProps, maxProperties?: number): JSONSchemaProps =>
  maxProperties === undefined
    ? { type: 'object', additionalProperties }
    : { type: 'object', additionalProperties, maxProperties }
const format = (name: string): JSONSchemaProps => ({ type: 'string', format: name })
const needy: JSONSchemaProps = {
  type: 'object',
  required: ['required'],
  properties: { required: text, optional: text },
}

const ESTIMATES: readonly (readonly [string, JSONSchemaProps, number])[] = [
  ['self.all(x, true)', list(number), 4_718_591],
  ['self.all(x, true)', list(number, 10), 32],
  ['self.all(x, true)', list(text), 3_145_727],
  ['self.all(x, true)', list({ type: 'boolean' }), 1_887_437],
  ['self.all(x, true)', list(list(number)), 3_145_727],
  ['self.all(x, true)', list(needy), 555_128],
  ['self.all(x, true)', map(number), 1_348_169],
  ['self.all(x, true)', map(text), 1_179_647],
  ['self.all(x, true)', list(format('duration')), 2_359_295],
  ['self.all(x, true)', list(format('date')), 725_936],
  ['self.all(x, true)', list(format('date-time')), 428_963],
  ['self.all(x, true)', list({ 'x-kubernetes-int-or-string': true }), 4_718_591],
  ['self.all(x, self.all(y, true))', list(number, 10), 352],
  ['self.all(x, self.all(y, self.all(z, true)))', list(number, 10), 3_552],
  ['self.all(x, x == 0.0)', list(number), 6_291_454],
  ["self.contains('test')", text, 314_574],
  ["self.contains('test')", { ...text, maxLength: 10 }, 5],
  ["self.startsWith('test')", text, 2],
  ['size(self + "hello") > size("hello")', text, 314_578],
  ['size(self + "hello") > size("hello")', { ...text, maxLength: 4 }, 7],
  ['self[1] == 0.0', list(number), 2],
  ['self[1] == self[1]', list(text), 314_577],
  ['self.matches("x")', text, 314_574],
  ['self.matches("x")', { ...text, maxLength: 50 }, 22],
  ['"".matches("(((((((((())))))))))[0-9]")', text, 7],
  ['self.matches("")', text, 1],
  ['self.all(x, x.contains(self[x]))', map(text), 2_752_507],
  ['self == "x"', text, 2],
  ['self == "x"', { ...text, maxLength: 0 }, 1],
  ['self.all(x, x["y"].required == "z")', list(map(needy)), 7_340_027],
  ['self[0] == 5', list({ 'x-kubernetes-int-or-string': true }), 3],
  ['self[0] == null', list(needy), 2],
  ['self[0][0] == -1.0', list(list(number)), 3],
  ['self.all(x, x.y == 25.2)', list(map(number)), 6_291_452],
  ['self[0].x > 2.0', list(map(number)), 4],
  ['self[0].getHours() == 2', list(format('duration')), 4],
  // 10 texts of at most 40 bytes with 9 separators: 409 characters.
  ["self.join(',') == 'x'", list({ ...text, maxLength: 10 }, 10), 43],
  ["self.join(',').contains('x')", list({ ...text, maxLength: 10 }, 10), 83],
  ['self.isSorted()', list({ ...text, maxLength: 10 }, 10), 51],
]

test('rules are estimated to cost what Kubernetes estimates', () => {
  const wrong = ESTIMATES.flatMap(([rule, schema, cost]) => {
    const { max } = programOf(rule, schema).cost
    return max === cost ? [] : [[rule, JSON.stringify(schema), cost, max]]
  })
  assert.deepEqual(wrong, [])
})

const values: JSONSchemaProps = {
  type: 'object',
  properties: {
    number,
    other: { type: 'integer' },
    text,
    again: text,
    choice: { type: 'string', enum: ['Pending', 'Available'] },
    time: format('date-time'),
    span: format('duration'),
    numbers: list({ type: 'integer' }),
    more: list({ type: 'integer' }),
    map: map({ type: 'integer' }),
    listMap: {
      ...list({ type: 'object', properties: { k: text, v: text, v2: text } }),
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    },
    a: {
      type: 'object',
      properties: { b: { type: 'integer' }, d2: { type: 'object', properties: { e2: text } } },
    },
  },
}

const object = {
  number: 10,
  other: 5,
  text: 'Rook takes 👑',
  again: 'Rook takes 👑',
  choice: 'Pending',
  time: '2011-08-18T19:03:37.01+01:00',
  span: '1h2m3s4ms',
  numbers: [1, 2, 3],
  more: [1, 2, 3],
  map: { b: 1, d: 2 },
  listMap: [
    { k: 'a1', v: 'b1' },
    { k: 'a2', v: 'b2' },
    { k: 'a3', v: 'b3', v2: 'z' },
  ],
  a: { b: 1 },
}

const RUNS: Readonly<Record<string, number>> = {
  'double(self.other) < self.number': 6,
  'double(5) < 10.0': 1,
  'self.number == 10.0': 3,
  'type(self.other) == int': 4,
  'self.text == self.again': 6,
  "self.text.matches('^[^0-9]*$')": 8,
  'size(self.text) == 12': 4,
  "self.text.charAt(3) == 'k'": 4,
  "self.text.replace(' ', 'x') == 'Rookxtakesx👑'": 7,
  "self.text.split(' ') == ['Rook', 'takes', '👑']": 6,
  "self.text.substring(5) == 'takes 👑'": 5,
  "self.text.upperAscii() == 'ROOK TAKES 👑'": 6,
  "self.choice in ['Pending', 'Available']": 2,
  "self.span == duration('1h2m') + duration('3s4ms')": 4,
  'self.span.getHours() == 1': 4,
  "self.time.getDate('01:00') == 18": 4,
  '1 in self.numbers': 5,
  'self.more[0] in self.numbers': 8,
  '!(0 in self.numbers)': 6,
  'self.numbers + self.more == [1, 2, 3, 1, 2, 3]': 6,
  'self.numbers + [4, 5] == [1, 2, 3, 4, 5]': 4,
  "'b' in self.map": 3,
  'has(self.a.b)': 2,
  '!has(self.map.a)': 3,
  '!(has(self.a.d2) && has(self.a.d2.e2))': 3,
  'self.map.all(k, self.map[k] > 0)': 17,
  'self.map.exists_one(k, self.map[k] == 2)': 14,
  '!self.map.exists_one(k, self.map[k] > 0)': 17,
  'size(self.map.filter(k, self.map[k] > 1)) == 1': 26,
  'has(self.listMap[0].v)': 3,
  "self.listMap.all(m, m.k.startsWith('a'))": 21,
  "self.listMap.all(m, !has(m.v2) || m.v2 == 'z')": 21,
  "self.listMap.exists(m, m.k.endsWith('1'))": 13,
  "self.listMap.exists_one(m, m.k == 'a3')": 15,
  "!self.listMap.all(m, m.k.endsWith('1'))": 18,
  "!self.listMap.exists(m, m.v == 'x')": 25,
  "!self.listMap.exists_one(m, m.k.startsWith('a'))": 20,
  "size(self.listMap.filter(m, m.k == 'a1')) == 1": 27,
  "self.listMap.exists(m, m.k == 'a1' && m.v == 'b1')": 16,
  "self.listMap.map(m, m.v).exists(v, v == 'b1')": 55,
  "self.listMap.exists(m, has(m.v2) && m.v2 == 'z')": 21,
  "!self.listMap.all(m, has(m.v2) && m.v2 != 'z')": 10,
}

test('rules cost what they cost Kubernetes', () => {
  const self = fromJson(object, schemaType(values, false)!.type)
  const wrong = Object.entries(RUNS).flatMap(([rule, cost]) => {
    const run = evaluate(programOf(rule, values), { self }, 1_000)
    return run.ok && run.value === true && run.cost === cost ? [] : [[rule, cost, run]]
  })
  assert.deepEqual(wrong, [])
})
