import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiCall } from '#base/api-call.ts'
import { checkWatches } from './watch-order.ts'

/** Lets watches show these revisions, each from its version on, and gives what is reported. */
async function problemsOf(watches: readonly [from: number, revisions: number[]][]) {
  const problems: string[] = []
  let next: number[] = []
  const call: ApiCall = () => Promise.resolve({ type: 'watch', events: eventsOf(next) })
  const checked = checkWatches(call, (problem) => problems.push(problem))
  for (const [from, revisions] of watches) {
    next = revisions
    const query = new URLSearchParams({ watch: 'true', resourceVersion: String(from) })
    const response = await checked({ method: 'GET', path: '/api/v1/pods', query })
    assert.equal(response.type, 'watch')
    if (response.type === 'watch') for await (const event of response.events) assert.ok(event)
  }
  return problems
}

async function* eventsOf(revisions: readonly number[]) {
  for (const revision of revisions)
    yield { type: 'MODIFIED', object: { metadata: { resourceVersion: String(revision) } } }
}

test('checkWatches accepts watches that start and end anywhere in one history', async () => {
  const watches: [number, number[]][] = [
    [0, [1, 2, 5]],
    [5, [7, 9]],
    [8, [9, 12]],
    [2, [5, 7]],
    [6, [7, 9, 12, 13]],
  ]
  assert.deepEqual(await problemsOf(watches), [])
})

const wrong: [criterion: string, watches: [number, number[]][], problem: RegExp][] = [
  ['a revision that comes twice', [[0, [1, 1]]], /1 came after revision 1/],
  ['an older revision', [[0, [1, 3, 2]]], /2 came after revision 3/],
  ['a revision from before the watch', [[5, [4]]], /4 came after revision 5/],
  [
    'a change that a later watch leaves out',
    [
      [0, [1, 2, 3]],
      [0, [1, 3]],
    ],
    /2 was left out/,
  ],
  [
    'a change that an earlier watch left out',
    [
      [0, [1, 3]],
      [0, [1, 2]],
    ],
    /2 was not shown/,
  ],
]

for (const [criterion, watches, problem] of wrong)
  test(`checkWatches finds ${criterion}`, async () => {
    const problems = await problemsOf(watches)
    assert.match(problems.join('\n'), problem)
  })
