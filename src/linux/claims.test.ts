import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCidr } from './cidr.ts'
import {
  chooseBlock,
  clusterBlocks,
  NoBlockLeftError,
  ownOrder,
  withoutVanished,
} from './claims.ts'

test('chooseBlock takes the first block that overlaps nothing', () => {
  const taken = ['10.64.0.0/16', '10.65.7.0/24', '10.66.0.0/15'].map(parseCidr)
  assert.equal(chooseBlock(clusterBlocks, taken), '10.68.0.0/16')
  assert.equal(chooseBlock(clusterBlocks, []), '10.64.0.0/16')
})

test('chooseBlock says so when a route covers all blocks', () => {
  assert.throws(() => chooseBlock(clusterBlocks, [parseCidr('10.0.0.0/8')]), NoBlockLeftError)
})

test('withoutVanished drops the claims of instances whose data is gone', () => {
  const file = {
    here: { dataDir: '/here', clusters: { local: '10.64.0.0/16' } },
    gone: { dataDir: '/gone', clusters: { local: '10.65.0.0/16' } },
  }
  const left = withoutVanished(file, (directory) => directory === '/here')
  assert.deepEqual(Object.keys(left), ['here'])
})

test('ownOrder has every block once, and begins elsewhere for another instance', () => {
  const one = ownOrder(clusterBlocks, 'abcdef')
  assert.deepEqual(one.toSorted(), [...clusterBlocks].toSorted())
  assert.deepEqual(ownOrder(clusterBlocks, 'abcdef'), one)
  assert.notEqual(ownOrder(clusterBlocks, 'abcdeg')[0], one[0])
})
