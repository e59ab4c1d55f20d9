import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiCall, ApiRequest, ApiResponse } from '#base/api-call.ts'
import type { KubeObject } from '#kinds/object.ts'
import { DurableState } from '../api/durable-state.ts'
import { Trace } from '../trace.ts'
import { servedTruth } from './served-truth.ts'

type Kept = [name: string, isThere: boolean]

/** A disk with these writes, one revision each. */
function diskWith(writes: readonly Kept[]): DurableState {
  const state = new DurableState('test', new Trace(() => 0))
  for (const [index, [name, isThere]] of writes.entries()) {
    const revision = index + 1
    const object = pod(name, revision)
    const value = isThere ? new TextEncoder().encode(JSON.stringify(object)) : null
    const key = `/core/pods/default/${name}`
    state.take({
      revision,
      changes: [{ key, value, createRevision: revision, previousRevision: 0 }],
    })
  }
  return state
}

const pod = (name: string, revision: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', resourceVersion: String(revision) },
})

/** What is said of this answer. */
async function problemsOf(
  state: DurableState,
  request: Partial<ApiRequest>,
  response: ApiResponse,
): Promise<string> {
  const problems: string[] = []
  const call: ApiCall = () => Promise.resolve(response)
  const checked = servedTruth(call, state, (problem) => problems.push(problem))
  const query = new URLSearchParams()
  const answer = await checked({ method: 'GET', path: '/api/v1/pods', query, ...request })
  if (answer.type === 'watch') for await (const event of answer.events) assert.ok(event)
  return problems.join('\n')
}

const HISTORY: Kept[] = [
  ['a', true],
  ['b', true],
  ['a', false],
  ['c', true],
]

type Shown = [type: string, revision: number]

async function* eventsOf(shown: readonly Shown[]) {
  for (const [type, revision] of shown) yield { type, object: pod('x', revision) }
}

const watchProblems = (from: number, shown: readonly Shown[]) =>
  problemsOf(
    diskWith(HISTORY),
    { query: new URLSearchParams({ watch: 'true', resourceVersion: String(from) }) },
    { type: 'watch', events: eventsOf(shown) },
  )

test('servedTruth accepts watches that start and end anywhere in the history', async () => {
  const all: Shown[] = [
    ['ADDED', 1],
    ['ADDED', 2],
    ['DELETED', 3],
    ['BOOKMARK', 3],
    ['ADDED', 4],
  ]
  assert.equal(await watchProblems(0, all), '')
  assert.equal(await watchProblems(0, all.slice(0, 2)), '')
  assert.equal(await watchProblems(1, all.slice(1)), '')
  assert.equal(await watchProblems(4, []), '')
})

const wrong: [criterion: string, from: number, shown: Shown[], problem: RegExp][] = [
  [
    'a change that comes twice',
    1,
    [
      ['ADDED', 2],
      ['ADDED', 2],
    ],
    /2 was shown after revision 2/,
  ],
  ['a change from before the watch', 2, [['ADDED', 1]], /1 was shown after revision 2/],
  ['a change that is left out', 0, [['ADDED', 2]], /2 was shown, and 1 left out/],
  ['a change that the disk does not have', 4, [['ADDED', 5]], /the disk does not have it/],
  ['a deletion that is shown as something else', 2, [['MODIFIED', 3]], /3 was shown as MODIFIED/],
  ['a bookmark that is ahead', 1, [['BOOKMARK', 2]], /a bookmark says 2, and revision 2 was not/],
]

for (const [criterion, from, shown, problem] of wrong)
  test(`servedTruth finds ${criterion}`, async () => {
    assert.match(await watchProblems(from, shown), problem)
  })

const listOf = (revision: number, items: KubeObject[]): ApiResponse => ({
  type: 'object',
  status: 200,
  body: { kind: 'PodList', metadata: { resourceVersion: String(revision) }, items },
})

test('servedTruth finds a list that is not what the disk has', async () => {
  const state = diskWith(HISTORY)
  assert.equal(await problemsOf(state, {}, listOf(4, [pod('b', 2), pod('c', 4)])), '')
  assert.match(
    await problemsOf(state, {}, listOf(4, [pod('c', 4)])),
    /has 1 objects, and the disk 2/,
  )
  assert.match(
    await problemsOf(state, {}, listOf(4, [pod('b', 1), pod('c', 4)])),
    /a version of b that is not the newest/,
  )
})

test('servedTruth finds an answer that rests on what is not on the disk yet', async () => {
  const response: ApiResponse = { type: 'object', status: 201, body: pod('d', 5) }
  const request: Partial<ApiRequest> = { method: 'POST', path: '/api/v1/namespaces/default/pods' }
  assert.match(await problemsOf(diskWith(HISTORY), request, response), /the disk has only 4/)
})
