import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkDataKey,
  checkDnsLabel,
  checkDnsSubdomain,
  checkEnvironmentName,
  checkLabelValue,
  checkPathSegment,
  checkPortName,
  checkPortNumber,
  checkQualifiedName,
} from './names.ts'

interface Case<T> {
  check: (value: T) => string[]
  good: readonly T[]
  bad: readonly T[]
}

const cases: Record<string, Case<string>> = {
  checkDnsLabel: {
    check: checkDnsLabel,
    good: ['a', '0', 'a-b', 'x'.repeat(63)],
    bad: ['', 'A', '-a', 'a-', 'a.b', 'a\n', 'x'.repeat(64)],
  },
  checkDnsSubdomain: {
    check: checkDnsSubdomain,
    good: ['a', 'a.b-c.d', '1.2'],
    bad: ['', 'a..b', '.a', 'a.', 'a_b', 'a.-b', 'x'.repeat(254)],
  },
  checkLabelValue: {
    check: checkLabelValue,
    good: ['', 'a', 'A_b.c-9'],
    bad: ['-', 'a b', '.a', 'x'.repeat(64)],
  },
  checkQualifiedName: {
    check: checkQualifiedName,
    good: ['a', 'example.com/a', 'A.b_c-d'],
    bad: ['', '/a', 'a/', 'a/b/c', 'Example.com/a', `a/${'x'.repeat(64)}`],
  },
  checkPathSegment: {
    check: checkPathSegment,
    good: ['system:node', 'a b', '...'],
    bad: ['.', '..', 'a/b', 'a%b'],
  },
  checkPortName: {
    check: checkPortName,
    good: ['http', 'a-1', 'x'.repeat(15)],
    bad: ['', '80', '-a', 'a-', 'a--b', 'HTTP', 'x'.repeat(16)],
  },
  checkDataKey: {
    check: checkDataKey,
    good: ['a', '.a', 'a.b_c-D'],
    bad: ['', '.', '..', '..a', 'a/b'],
  },
  checkEnvironmentName: {
    check: checkEnvironmentName,
    good: ['PATH', 'a.b-c', '1'],
    bad: ['', 'a=b', 'a\n', 'ä'],
  },
}

for (const [name, { check, good, bad }] of Object.entries(cases)) {
  test(`${name} accepts what Kubernetes accepts`, () => {
    for (const value of good) assert.deepEqual(check(value), [], value)
  })
  test(`${name} says what is wrong with the rest`, () => {
    for (const value of bad) assert.notDeepEqual(check(value), [], value)
  })
}

test('checkQualifiedName tells the prefix from the name', () => {
  assert.match(checkQualifiedName('Example.com/a')[0]!, /^prefix part a lowercase RFC 1123/)
  assert.deepEqual(checkQualifiedName('/a'), ['prefix part must be non-empty'])
})

test('checkPortNumber takes 1 to 65535', () => {
  for (const port of [1, 65_535]) assert.deepEqual(checkPortNumber(port), [])
  for (const port of [0, 65_536, 1.5, Number.NaN]) assert.equal(checkPortNumber(port).length, 1)
})
