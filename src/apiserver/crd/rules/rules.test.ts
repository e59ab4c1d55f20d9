import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps, ValidationRule } from '#kinds/k8s/apiextensions.ts'
import { checkSchema } from '../check/check-schema.ts'
import { compileRules } from './compile-rules.ts'
import { runRules } from './run-rules.ts'

const integer: JSONSchemaProps = { type: 'integer' }
const text: JSONSchemaProps = { type: 'string', maxLength: 10 }

const rule = (text: string, more: Partial<ValidationRule> = {}): ValidationRule => ({
  rule: text,
  ...more,
})

const withRules = (schema: JSONSchemaProps, ...rules: ValidationRule[]): JSONSchemaProps => ({
  ...schema,
  'x-kubernetes-validations': rules,
})

const root = (spec: JSONSchemaProps): JSONSchemaProps => ({ type: 'object', properties: { spec } })

function errorsOf(schema: JSONSchemaProps, value: unknown, old?: unknown): string[] {
  const set = compileRules(schema, true)
  assert.ok(set !== undefined)
  return runRules(set, value, old).map(({ field, message }) => `${field}: ${message}`)
}

const problemsOf = (schema: JSONSchemaProps): string[] =>
  checkSchema(schema, 'schema').map(({ field, message }) => `${field}: ${message}`)

const object = (
  properties: Record<string, JSONSchemaProps>,
  more: JSONSchemaProps = {},
): JSONSchemaProps => ({
  type: 'object',
  properties,
  ...more,
})

test('a rule says what its message, its expression or its own text says', () => {
  const schema = root(
    withRules(
      object({ a: integer, b: text }),
      rule('self.a > 0', { message: ' a is above 0 ' }),
      rule('self.a > 1'),
      rule('self.a > 2', { messageExpression: "'a is %d'.format([self.a])", message: 'not this' }),
      rule('self.a > 3', { messageExpression: "'' + self.b", message: 'plain' }),
    ),
  )
  assert.deepEqual(errorsOf(schema, { spec: { a: 0 } }), [
    'spec: Invalid value: a is above 0',
    'spec: Invalid value: failed rule: self.a > 1',
    'spec: Invalid value: a is 0',
    'spec: Invalid value: plain',
  ])
})

test('a rule may blame a field, for a reason', () => {
  const fail = (more: Partial<ValidationRule>) => rule('false', { message: 'm', ...more })
  const schema = root(
    withRules(
      object({ a: integer, m: { type: 'object', additionalProperties: integer } }),
      fail({ fieldPath: '.a', reason: 'FieldValueRequired' }),
      fail({ fieldPath: ".m['x.y']", reason: 'FieldValueForbidden' }),
      fail({ reason: 'FieldValueDuplicate' }),
    ),
  )
  assert.deepEqual(errorsOf(schema, { spec: {} }), [
    'spec.a: Required value: m',
    'spec.m[x.y]: Forbidden: m',
    'spec: Duplicate value',
  ])
})

test('rules hold at every level, and see the name of their object', () => {
  const schema = withRules(
    root(
      object({
        list: { type: 'array', maxItems: 3, items: withRules(integer, rule('self > 1')) },
        map: {
          type: 'object',
          maxProperties: 3,
          additionalProperties: withRules(integer, rule('self > 1')),
        },
        text: withRules(text, rule("self != ''")),
      }),
    ),
    rule("self.metadata.name == 'x' && self.kind == 'K'"),
  )
  const value = {
    kind: 'K',
    metadata: { name: 'y' },
    spec: { list: [2, 1], map: { a: 1 }, text: '' },
  }
  assert.deepEqual(errorsOf(schema, value), [
    "<nil>: Invalid value: failed rule: self.metadata.name == 'x' && self.kind == 'K'",
    'spec.list[1]: Invalid value: 1: failed rule: self > 1',
    'spec.map[a]: Invalid value: 1: failed rule: self > 1',
    `spec.text: Invalid value: "": failed rule: self != ''`,
  ])
})

test('rules about a change are asked only where something is replaced', () => {
  const schema = root(
    object({ a: withRules(integer, rule('self >= oldSelf', { message: 'only up' })) }),
  )
  assert.deepEqual(errorsOf(schema, { spec: { a: 1 } }), [])
  assert.deepEqual(errorsOf(schema, { spec: { a: 1 } }, { spec: {} }), [])
  assert.deepEqual(errorsOf(schema, { spec: { a: 2 } }, { spec: { a: 1 } }), [])
  assert.deepEqual(errorsOf(schema, { spec: { a: 1 } }, { spec: { a: 2 } }), [
    'spec.a: Invalid value: 1: only up',
  ])
  const optional = rule('oldSelf.orValue(0) < self', { optionalOldSelf: true, message: 'no' })
  const always = root(object({ a: withRules(integer, optional) }))
  assert.deepEqual(errorsOf(always, { spec: { a: 0 } }), ['spec.a: Invalid value: 0: no'])
  assert.deepEqual(errorsOf(always, { spec: { a: 1 } }, { spec: { a: 1 } }), [
    'spec.a: Invalid value: 1: no',
  ])
})

test('elements of a map by keys are compared with those of the same keys', () => {
  const items = withRules(
    object({ k: text, v: integer }, { required: ['k'] }),
    rule('self.v >= oldSelf.v'),
  )
  const schema = root(
    object({
      l: {
        type: 'array',
        maxItems: 5,
        items,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
    }),
  )
  const spec = (...pairs: [string, number][]) => ({
    spec: { l: pairs.map(([k, v]) => ({ k, v })) },
  })
  assert.deepEqual(errorsOf(schema, spec(['a', 1], ['b', 1]), spec(['b', 2], ['a', 1])), [
    'spec.l[1]: Invalid value: failed rule: self.v >= oldSelf.v',
  ])
  const plain = root(object({ l: { type: 'array', maxItems: 5, items } }))
  assert.deepEqual(problemsOf(plain), [
    'schema.properties[spec].properties[l].items.x-kubernetes-validations[0].rule: Invalid value: "self.v >= oldSelf.v": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[spec].properties[l].items',
  ])
})

test('what did not change may break a rule that came later', () => {
  const schema = root(object({ a: withRules(integer, rule('self > 5')), b: integer }))
  const old = { spec: { a: 1, b: 1 } }
  assert.deepEqual(errorsOf(schema, { spec: { a: 1, b: 2 } }, old), [])
  assert.deepEqual(errorsOf(schema, { spec: { a: 2, b: 1 } }, old), [
    'spec.a: Invalid value: 2: failed rule: self > 5',
  ])
})

test('a rule that fails as it runs is told, and null is not asked about', () => {
  const schema = root(
    object({
      a: withRules(
        object({ m: { type: 'object', additionalProperties: integer } }, { nullable: true }),
        rule("self.m['x'] > 0"),
      ),
    }),
  )
  assert.deepEqual(errorsOf(schema, { spec: { a: { m: {} } } }), [
    "spec.a: Invalid value: no such key: x evaluating rule: self.m['x'] > 0",
  ])
  assert.deepEqual(errorsOf(schema, { spec: { a: null } }), [])
})

test('rules stop when they cost too much, one alone or all together', () => {
  const list: JSONSchemaProps = { type: 'array', items: integer }
  const dear = rule('self.all(x, self.all(y, x + y >= 0))')
  const value = { spec: Array.from({ length: 1_000 }, (_, index) => index) }
  assert.deepEqual(errorsOf(root(withRules(list, dear, rule('false'))), value), [
    `spec: Invalid value: 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${dear.rule}`,
  ])
  const some = Array.from({ length: 60 }, () =>
    rule('self.all(x, self.exists(y, y == 60 || x > 999))'),
  )
  assert.equal(
    errorsOf(root(withRules(list, ...some, rule('false'))), value).at(-1),
    'spec: Invalid value: validation failed due to running out of cost budget, no further validation rules will be run',
  )
})

test('names that CEL cannot write are escaped', () => {
  const schema = root(
    withRules(
      object({ namespace: integer, 'a-b.c/d': integer, x__y: integer }),
      rule(
        'self.__namespace__ == 1 && self.a__dash__b__dot__c__slash__d == 2 && self.x__underscores__y == 3 && has(self.__namespace__)',
      ),
    ),
  )
  assert.deepEqual(problemsOf(schema), [])
  assert.deepEqual(errorsOf(schema, { spec: { namespace: 1, 'a-b.c/d': 2, x__y: 3 } }), [])
})

test('sets compare without order, numbers and times by their schema', () => {
  const schema = root(
    withRules(
      object({
        s: { type: 'array', maxItems: 3, items: text, 'x-kubernetes-list-type': 'set' },
        n: { type: 'number' },
        t: { type: 'string', format: 'date-time' },
        d: { type: 'string', format: 'duration' },
        i: { 'x-kubernetes-int-or-string': true },
      }),
      rule("self.s == ['b', 'a'] && (self.s + ['a']).size() == 2"),
      rule(
        'self.n == 1.0 && self.t > timestamp("2020-01-01T00:00:00Z") && self.d < duration("2h")',
      ),
      rule('type(self.i) == int ? self.i == 5 : self.i == "5%"'),
    ),
  )
  assert.deepEqual(problemsOf(schema), [])
  const spec = { s: ['a', 'b'], n: 1, t: '2024-01-01T00:00:00Z', d: '1h', i: 5 }
  assert.deepEqual(errorsOf(schema, { spec }), [])
  assert.deepEqual(errorsOf(schema, { spec: { ...spec, i: '5%' } }), [])
})

const RULE_AT = 'schema.properties[spec].x-kubernetes-validations[0]'

test('rules that cannot work are refused with the definition', () => {
  const problemOf = (one: ValidationRule) =>
    problemsOf(root(withRules(object({ a: integer }), one)))
  const shown = (text: string) =>
    `{"Rule":${JSON.stringify(text)},"Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}`
  assert.deepEqual(problemOf(rule('self.b == 1')), [
    `${RULE_AT}.rule: Invalid value: ${shown('self.b == 1')}: compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b == 1\n | ....^`,
  ])
  assert.deepEqual(problemOf(rule('self.a')), [
    `${RULE_AT}.rule: Invalid value: ${shown('self.a')}: cel expression must evaluate to a bool`,
  ])
  assert.deepEqual(problemOf(rule(' ')), [`${RULE_AT}.rule: Required value: rule is not specified`])
  assert.deepEqual(problemOf(rule('true', { fieldPath: '.b' })), [
    `${RULE_AT}.fieldPath: Invalid value: ".b": fieldPath must be a valid path`,
  ])
  assert.deepEqual(problemOf(rule('true\n', { message: 'a\nb' })), [
    `${RULE_AT}.message: Invalid value: "a\\nb": message must not contain line breaks`,
  ])
  assert.deepEqual(problemOf(rule('self.a\n> 1')), [
    `${RULE_AT}.message: Required value: message must be specified if rule contains line breaks`,
  ])
})

test('rules that could cost too much are refused with the definition', () => {
  const list: JSONSchemaProps = {
    type: 'array',
    items: { type: 'array', items: { type: 'string' } },
  }
  const dear = root(withRules(list, rule('self.all(a, a.all(b, b.contains("x")))')))
  const why =
    'exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'
  assert.deepEqual(problemsOf(dear), [
    `${RULE_AT}.rule: Forbidden: estimated rule cost ${why}`,
    `${RULE_AT}.rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
    `schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema ${why}`,
  ])
  const bounded: JSONSchemaProps = {
    type: 'array',
    maxItems: 10,
    items: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 100 } },
  }
  assert.deepEqual(
    problemsOf(root(withRules(bounded, rule('self.all(a, a.all(b, b.contains("x")))')))),
    [],
  )
})
