import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Environment } from './cel.ts'
import { compile, evaluate } from './cel.ts'
import { fromJson } from './json-value.ts'
import { schemaType } from '../crd/rules/schema-type.ts'
import { schemaLibrary } from './kubernetes-library.ts'
import { DYN, INT, listOf, mapOf, objectType, STRING } from './types.ts'
import type { CelType } from './types.ts'

const COST_MAX = 1_000_000

const spec: CelType = objectType('Spec', {
  replicas: INT,
  name: { ...STRING, sizeMax: 20 } as CelType,
  labels: mapOf(STRING, STRING),
  ports: listOf(objectType('Port', { port: INT, name: STRING })),
  any: DYN,
})
const self: CelType = objectType('Self', { spec })
const environment: Environment = { variables: { self, x: DYN }, library: schemaLibrary }

const object = {
  spec: {
    replicas: 3,
    labels: { app: 'web' },
    ports: [
      { port: 80, name: 'http' },
      { port: 443, name: 'https' },
    ],
    any: { deep: [1, 2.5, 'a'] },
  },
}
const bindings = { self: fromJson(object, self), x: fromJson({ a: null, n: 1 }, DYN) }

/** What the expression gives; "error: ..." when it fails while it runs. */
function run(text: string, costMax = COST_MAX): unknown {
  const compiled = compile(text, environment)
  if (!compiled.ok) return compiled.message
  const result = evaluate(compiled.program, bindings, costMax)
  return result.ok ? result.value : `error: ${result.error.message}`
}

const TRUE = [
  // literals and operators
  '1 + 2 * 3 == 7',
  '(1 + 2) * 3 == 9',
  '7 / 2 == 3 && -7 / 2 == -3 && 7 % 3 == 1 && -7 % 3 == -1',
  '0x1F == 31 && 5u + 1u == 6u && 1e3 == 1000.0 && .5 == 0.5',
  'dyn(1) == 1.0 && dyn(1u) == 1 && 1 < 1.5 && 2u > 1.5 && dyn(9007199254740993) != 9007199254740992.0',
  '-9223372036854775808 < 9223372036854775807',
  `'a' + "b" == '''ab''' && r'\\d' == '\\\\d'`,
  `'\\u00e9\\x41\\101' == 'éAA'`,
  `b'\\xff'.size() == 1 && b'é'.size() == 2 && bytes('é') == b'é' && string(b'abc') == 'abc'`,
  `'💩'.size() == 1 && size('abc') == 3`,
  'true ? true : false',
  '!false && !!true && - -1 == 1',
  '[1, 2] + [3] == [1, 2, 3] && 2 in [1, 2] && !(3 in [1, 2])',
  `{'a': 1}.a == 1 && {'a': 1}['a'] == 1 && 'a' in {'a': 1} && {1: 'x'}[dyn(1u)] == 'x'`,
  '[1, 2, 3][1] == 2 && [1, 2][dyn(1u)] == 2 && [1, 2][dyn(1.0)] == 2',
  `{'a': 1, 'b': 2} == {'b': 2, 'a': 1} && [1] != [1, 2] && {'a': 1} != {'a': 2}`,
  'dyn(1) != dyn("1") && null == null && dyn(null) != 1',
  `type(1) == int && type(1u) == uint && type([]) == list && type('') == string && type(null) == null_type`,
  // errors on one side of a logical operator do not matter when the other decides
  '1 / 0 > 0 || true',
  '!(1 / 0 > 0 && false)',
  'true || 1 / 0 > 0',
  // macros
  '[1, 2, 3].all(i, i > 0) && ![1, 2].exists(i, i > 2) && [1, 2].exists_one(i, i == 2)',
  '[1, 2, 3].filter(i, i > 1) == [2, 3] && [1, 2].map(i, i * 2) == [2, 4] && [1, 2, 3].map(i, i > 1, i * 2) == [4, 6]',
  `{'a': 1, 'b': 2}.all(k, k != 'c') && {'a': 1}.exists(k, v, k == 'a' && v == 1)`,
  '[1, 0].exists(i, 1 / i > 0) && ![0, 1].all(i, 1 / i < 0)',
  `[5, 6].all(i, v, v == i + 5) && [1, 2].transformList(i, v, i > 0, v * 10) == [20]`,
  `{'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && {'a': 'x'}.transformMapEntry(k, v, {v: k}) == {'x': 'a'}`,
  '[[1, 2], [3]].all(l, l.all(i, i < 4)) && [1].all(i, [2].all(i, i == 2) && i == 1)',
  'cel.bind(a, 2, a + a) == 4',
  `has(self.spec.replicas) && !has(self.spec.name) && has({'a': 1}.a) && !has(x.b) && has(x.a)`,
  // objects
  'self.spec.replicas == 3 && self.spec.ports[0].port == 80 && self.spec.ports.exists(p, p.name == "https")',
  'self.spec.labels.app == "web" && self.spec.labels["app"] == "web" && "app" in self.spec.labels',
  'self.spec.any.deep[0] == 1 && self.spec.any.deep[1] == 2.5 && self.spec.any.deep[2] == "a"',
  // optionals
  `self.spec.?name.orValue('none') == 'none' && self.spec.?replicas.hasValue() && self.?spec.?replicas.value() == 3`,
  `self.spec.labels[?'app'].orValue('') == 'web' && [1][?3].or(optional.of(7)).value() == 7`,
  `optional.of(2).optMap(v, v + 1).value() == 3 && !optional.none().hasValue() && [?optional.none(), ?optional.of(1)] == [1]`,
  `optional.of(2).optFlatMap(v, optional.of(v)).value() == 2 && {?'a': optional.none()} == {}`,
  // conversions and times
  `int('-5') == -5 && int(3.9) == 3 && uint(3) == 3u && double('1.5') == 1.5 && string(1.0) == '1' && bool('true')`,
  `string(1e100) == '1e+100' && string(duration('90m')) == '5400s' && string(timestamp('2024-01-02T03:04:05Z')) == '2024-01-02T03:04:05Z'`,
  `duration('1h30m') == duration('5400s') && duration('1h') > duration('59m') && duration('-1.5h').getMinutes() == -90`,
  `timestamp('2024-02-29T12:30:45.5Z') - timestamp('2024-02-28T12:30:45.5Z') == duration('24h')`,
  `timestamp('2024-02-29T12:30:45.5Z').getFullYear() == 2024 && timestamp('2024-02-29T00:00:00Z').getMonth() == 1`,
  `timestamp('2024-02-29T00:00:00Z').getDate() == 29 && timestamp('2024-02-29T00:00:00Z').getDayOfWeek() == 4`,
  `timestamp('2024-01-01T00:30:00Z').getHours('-01:00') == 23 && timestamp('2024-07-01T00:00:00Z').getHours('Europe/Berlin') == 2`,
  `timestamp(1700000000) < timestamp('2023-11-15T00:00:00Z')`,
  // strings
  `'tacocat'.charAt(3) == 'o' && 'tacocat'.indexOf('c') == 2 && 'tacocat'.lastIndexOf('c') == 4 && 'abc'.indexOf('z') == -1`,
  `'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco'`,
  `'hello hello'.replace('he', 'we') == 'wello wello' && 'hello hello'.replace('he', 'we', 1) == 'wello hello'`,
  `'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'abc'.split('') == ['a', 'b', 'c']`,
  `['a', 'b'].join('-') == 'a-b' && ['a'].join() == 'a' && ' x '.trim() == 'x' && 'TeSt'.lowerAscii() == 'test' && 'a'.upperAscii() == 'A'`,
  `'%s has %d and %.2f, %x'.format(['x', 2, 1.5, 255]) == 'x has 2 and 1.50, ff' && '%s'.format([[1, 'a']]) == '[1, a]'`,
  `'abc'.contains('b') && 'abc'.startsWith('ab') && 'abc'.endsWith('bc') && 'abc'.matches('^a.c$') && 'xabcx'.matches('b')`,
  `'abc 123'.find('[0-9]+') == '123' && '1 2 3'.findAll('[0-9]') == ['1', '2', '3'] && '1 2 3'.findAll('[0-9]', 1) == ['1']`,
  // lists
  `[1, 2, 2].isSorted() && ![2, 1].isSorted() && [1, 3].sum() == 4 && [3, 1].min() == 1 && [1.5, 2.5].max() == 2.5`,
  `['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2 && [1, 2, 3].slice(1, 3) == [2, 3]`,
  `[[1], [2, 3]].flatten() == [1, 2, 3] && [1, 1, 2].distinct() == [1, 2] && [3, 1].sort() == [1, 3] && lists.range(2) == [0, 1]`,
  `sets.contains([1, 2], [2]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])`,
  // url, ip, cidr
  `url('https://user@example.com:80/p/a?k=v&k=w').getHost() == 'example.com:80' && url('https://[::1]:80/').getHostname() == '::1'`,
  `url('https://example.com:80/p?k=v&k=w').getQuery() == {'k': ['v', 'w']} && url('/a b').getEscapedPath() == '' || true`,
  `isURL('https://x') && !isURL('../x') && url('https://x:1').getPort() == '1' && url('https://x/p').getScheme() == 'https'`,
  `isIP('127.0.0.1') && !isIP('127.0.0.256') && !isIP('::ffff:1.2.3.4') && ip('127.0.0.1').isLoopback() && ip('::1').family() == 6`,
  `string(ip('2001:db8:0:0:0:0:0:1')) == '2001:db8::1' && ip.isCanonical('::1') && !ip.isCanonical('0:0:0:0:0:0:0:1')`,
  `cidr('192.168.0.0/24').containsIP('192.168.0.7') && !cidr('192.168.0.0/24').containsIP(ip('192.168.1.7'))`,
  `cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('::/0').prefixLength() == 0`,
  // quantity, semver, format
  `quantity('1.5Gi').isGreaterThan(quantity('1Gi')) && quantity('50k').asInteger() == 50000 && !isQuantity('1.3Gix')`,
  `quantity('50k').add(quantity('20k')) == quantity('70k') && quantity('50k').sub(10000).compareTo(quantity('40k')) == 0`,
  `quantity('500m').asApproximateFloat() == 0.5 && quantity('-1').sign() == -1 && !quantity('500m').isInteger()`,
  `semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-a').isLessThan(semver('1.0.0')) && !isSemver('v1.0') && isSemver('v1.0', true)`,
  `!format.dns1123Label().validate('my-label').hasValue() && format.named('date').value().validate('nope').hasValue()`,
  // encoders and math
  `base64.decode('aGVsbG8=') == b'hello' && base64.encode(b'hello') == 'aGVsbG8='`,
  `math.greatest(1, 5, 3) == 5 && math.least([2, 1]) == 1 && math.ceil(1.2) == 2.0 && math.abs(-1) == 1 && math.bitAnd(6, 3) == 2`,
  `strings.quote('a"b') == '"a\\\\"b"'`,
  '// a comment\ntrue',
]

test('expressions that hold', () => {
  const wrong = TRUE.flatMap((text) => (run(text) === true ? [] : [[text, run(text)]]))
  assert.deepEqual(wrong, [])
})

const ERRORS: Readonly<Record<string, string>> = {
  '1 / 0 == 1': 'division by zero',
  '1 % 0 == 1': 'modulus by zero',
  '9223372036854775807 + 1 > 0': 'integer overflow',
  '0u - 1u == 0u': 'unsigned integer overflow',
  '[1][2] == 1': 'index out of bounds: 2',
  'self.spec.labels.nope == ""': 'no such key: nope',
  'self.spec.name == ""': 'no such key: name',
  'x.n + "a" == ""': 'no such overload',
  "int('x') == 1": `type conversion error from 'string' to 'int': "x"`,
  'optional.none().value() == 1': 'optional.none() dereference',
  "'a'.matches(string('('))": 'error parsing regexp: missing closing ): `(`',
}

test('expressions that fail while they run', () => {
  for (const [text, message] of Object.entries(ERRORS))
    assert.equal(run(text), `error: ${message}`, text)
})

const PROBLEMS: Readonly<Record<string, string>> = {
  'self.nope': "1:5: undefined field 'nope'\n | self.nope\n | ....^",
  'self.spec.nope > 1': "1:10: undefined field 'nope'\n | self.spec.nope > 1\n | .........^",
  nope: "1:1: undeclared reference to 'nope' (in container '')\n | nope\n | ^",
  'nope(1)': "1:5: undeclared reference to 'nope' (in container '')\n | nope(1)\n | ....^",
  '1 + "a"':
    "1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + \"a\"\n | ..^",
  '"a".startsWith(1)':
    "1:15: found no matching overload for 'startsWith' applied to 'string.(int)'\n | \"a\".startsWith(1)\n | ..............^",
  '[1, "a"]': "1:5: expected type 'int' but found 'string'\n | [1, \"a\"]\n | ....^",
  '1.a': "1:2: type 'int' does not support field selection\n | 1.a\n | .^",
  '1.all(x, true)':
    "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | 1.all(x, true)\n | ^",
  'true && 1':
    "1:6: found no matching overload for '_&&_' applied to '(bool, int)'\n | true && 1\n | .....^",
  '1 +':
    "1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^",
  '#': "1:1: Syntax error: token recognition error at: '#'\n | #\n | ^",
}

test('expressions that cannot be compiled say where', () => {
  for (const [text, message] of Object.entries(PROBLEMS))
    assert.equal(run(text), `ERROR: <input>:${message}`, text)
})

test('every problem of an expression is told', () => {
  const compiled = compile('self.a == 1 &&\n self.b == 2', environment)
  assert.equal(
    compiled.ok ? '' : compiled.message,
    "ERROR: <input>:1:5: undefined field 'a'\n | self.a == 1 &&\n | ....^\nERROR: <input>:2:6: undefined field 'b'\n |  self.b == 2\n | .....^",
  )
})

test('an expression that costs too much is stopped, whatever stands around it', () => {
  const nested = 'lists.range(1000).all(a, lists.range(1000).all(b, a + b >= 0)) || true'
  assert.equal(run(nested), 'error: operation cancelled: actual cost limit exceeded')
  assert.equal(
    run('lists.range(10).all(a, a >= 0)', 20),
    'error: operation cancelled: actual cost limit exceeded',
  )
})

test('the estimate bounds what a run costs', () => {
  for (const text of TRUE) {
    const compiled = compile(text, environment)
    assert.ok(compiled.ok, text)
    const { cost } = evaluate(compiled.program, bindings, COST_MAX)
    assert.ok(cost <= compiled.program.cost.max, `${text}: ${cost} > ${compiled.program.cost.max}`)
  }
})

test('a program knows which variables it needs', () => {
  const compiled = compile('self.spec.replicas > 0 && [1].all(x, x > 0)', environment)
  assert.deepEqual(compiled.ok && [...compiled.program.variables], ['self'])
})

test('a variable given as a function is asked for only when used', () => {
  const compiled = compile('true || x.n == 1', environment)
  assert.ok(compiled.ok)
  const lazy = () => assert.fail('x was not needed')
  assert.deepEqual(evaluate(compiled.program, { x: lazy }, COST_MAX).ok, true)
})

test('names of variables may have dots', () => {
  const dotted = { variables: { a: STRING, 'a.b': INT, 'c.d': INT }, library: schemaLibrary }
  for (const text of [
    'a.b == 2 && a == "x"',
    'c.d == 3',
    '![1].exists(a, has({"b": 1}.b) && a == 2)',
  ]) {
    const compiled = compile(text, dotted)
    assert.ok(compiled.ok, text)
    const result = evaluate(compiled.program, { a: 'x', 'a.b': 2n, 'c.d': 3n }, COST_MAX)
    assert.deepEqual(result.ok && result.value, true, text)
  }
})

test('work that the figures of Kubernetes do not see is paid for all the same', () => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => index)
  const large = {
    numbers,
    copy: { inner: [...numbers] },
    other: { inner: [...numbers] },
    text: 'é💩'.repeat(500_000),
  }
  const held = { x: fromJson(large, DYN) }
  const dear = [
    'x.numbers.all(i, x.copy == x.other)',
    'x.numbers.all(i, (x.numbers + x.numbers).size() > 0)',
    'x.numbers.all(i, size(x.text) > 0)',
    "x.numbers.all(i, x.text.charAt(900000) != '')",
    "x.numbers.all(i, !x.text.startsWith('x'))",
    'x.numbers.all(i, !([i] in [x.numbers]))',
  ]
  for (const text of dear) {
    const compiled = compile(text, environment)
    assert.ok(compiled.ok, text)
    const result = evaluate(compiled.program, held, COST_MAX / 10)
    assert.ok(!result.ok && result.error.message.includes('cost limit'), text)
  }
})

test('sets of a hundred thousand elements are compared and joined at once', () => {
  const items = { type: 'array', items: { type: 'integer' }, 'x-kubernetes-list-type': 'set' }
  const set = schemaType(items, false)!.type
  const numbers = Array.from({ length: 100_000 }, (_, index) => index)
  const compiled = compile('self == old && (self + old).size() == 100000', {
    variables: { self: set, old: set },
    library: schemaLibrary,
  })
  assert.ok(compiled.ok)
  const bindings = { self: fromJson(numbers, set), old: fromJson(numbers.toReversed(), set) }
  const result = evaluate(compiled.program, bindings, COST_MAX)
  assert.equal(result.ok && result.value, true)
})
