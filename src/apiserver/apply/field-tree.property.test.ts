import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  difference,
  type FieldTree,
  intersection,
  isFieldTree,
  LEAF,
  membersOf,
  recursiveDifference,
  union,
} from './field-tree.ts'

// A set of paths is the model; a tree is made of it by uniting paths one by one.
const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1')
const path = fc.array(element, { minLength: 1, maxLength: 4 })
const paths = fc.array(path, { maxLength: 8 })

const treeOfPath = (elements: readonly string[]): FieldTree =>
  elements.toReversed().reduce<FieldTree>((below, one) => ({ [one]: below }), LEAF)

const treeOfPaths = (all: readonly string[][]): FieldTree | undefined =>
  all.map(treeOfPath).reduce<FieldTree | undefined>((tree, one) => union(tree, one), undefined)

const textsOf = (all: readonly string[][]): Set<string> => new Set(all.map((one) => one.join(' ')))
const setOf = (tree: FieldTree | undefined): Set<string> => textsOf(membersOf(tree))

test('a tree of paths has these paths as members', () => {
  fc.assert(fc.property(paths, (all) => assert.deepEqual(setOf(treeOfPaths(all)), textsOf(all))))
})

test('union, difference and intersection are those of sets of paths', () => {
  fc.assert(
    fc.property(paths, paths, (one, other) => {
      const [a, b] = [treeOfPaths(one), treeOfPaths(other)]
      const [as, bs] = [textsOf(one), textsOf(other)]
      assert.deepEqual(setOf(union(a, b)), as.union(bs))
      assert.deepEqual(setOf(difference(a, b)), as.difference(bs))
      assert.deepEqual(setOf(intersection(a, b)), as.intersection(bs))
    }),
  )
})

test('recursiveDifference takes what is below a member too', () => {
  fc.assert(
    fc.property(paths, paths, (one, other) => {
      const gone = other.map((elements) => elements.join(' '))
      const left = one
        .map((elements) => elements.join(' '))
        .filter((text) => !gone.some((top) => text === top || text.startsWith(`${top} `)))
      const found = setOf(recursiveDifference(treeOfPaths(one), treeOfPaths(other)))
      assert.deepEqual(found, new Set(left))
    }),
  )
})

test('a tree survives being written as JSON', () => {
  fc.assert(
    fc.property(paths, (all) => {
      const tree = treeOfPaths(all)
      const read: unknown = tree === undefined ? undefined : JSON.parse(JSON.stringify(tree))
      assert.deepEqual(read, tree)
      if (tree !== undefined) assert.ok(isFieldTree(read, 10))
    }),
  )
})

test('what is no tree is told', () => {
  for (const value of [null, 1, [], { a: {} }, { 'f:a': 1 }, { 'f:a': { 'f:b': { 'f:c': {} } } }])
    assert.equal(isFieldTree(value, 3), false, JSON.stringify(value))
})
