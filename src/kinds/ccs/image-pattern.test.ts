import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesPattern, patternProblem } from './image-pattern.ts'

const cases: { pattern: string; means: string[]; not: string[] }[] = [
  { pattern: 'latest', means: ['latest'], not: ['latest2', 'alatest', ''] },
  { pattern: 'v*', means: ['v', 'v1.2'], not: ['1v', 'v1/2'] },
  { pattern: 'team/*', means: ['team/app'], not: ['team/app/web', 'team'] },
  { pattern: 'team/**', means: ['team/app', 'team/app/web'], not: ['other/app'] },
  { pattern: '**', means: ['a', 'a/b/c', ''], not: [] },
  { pattern: '?.?', means: ['1.2'], not: ['12', '1.22'] },
  { pattern: '{v,release-}1.*', means: ['v1.0', 'release-1.x'], not: ['1.0', 'v2.0'] },
  { pattern: '1.*.*-alpine', means: ['1.2.3-alpine'], not: ['1.2-alpine', '1.2.3'] },
  { pattern: 'a.c', means: ['a.c'], not: ['abc'] },
]

for (const { pattern, means, not } of cases)
  test(`the pattern ${pattern} means what it says`, () => {
    for (const name of means) assert.ok(matchesPattern(pattern, name), name)
    for (const name of not) assert.ok(!matchesPattern(pattern, name), name)
  })

test('a pattern made to be slow is as fast as any', () => {
  assert.ok(!matchesPattern(`${'*a'.repeat(60)}b`, 'a'.repeat(255)))
})

test('what is no pattern is told why', () => {
  assert.equal(patternProblem('v{1,2}*'), undefined)
  assert.match(patternProblem('v(1)')!, /must be letters/)
  assert.match(patternProblem('{a')!, /brace/)
  assert.match(patternProblem('{a,b,c,d}{a,b,c,d}{a,b,c,d,e}')!, /at most 64 names/)
  assert.match(patternProblem('')!, /must be letters/)
})
