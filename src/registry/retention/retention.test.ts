import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RetentionRule } from '#kinds/ccs/project.ts'
import { parseSchedule } from '#kinds/cron-schedule.ts'
import { type AccessState, emptyAccess } from '../access/access-state.ts'
import { digestOf } from '../digest.ts'
import { memoryRegistry, type MemoryRegistry } from '../memory-registry.ts'
import { planRetention, type RetentionTag } from './plan-retention.ts'
import type { RepositoryRetention } from './retention.ts'
import { isDue, namesMinute } from './retention-schedule.ts'

const DAY_MS = 24 * 60 * 60_000
const NOW = 1_000 * DAY_MS

const tag = (name: string, daysOld: number, pulledDaysAgo?: number): RetentionTag => ({
  tag: name,
  digest: digestOf(Buffer.from(name)),
  pushedAt: NOW - daysOld * DAY_MS,
  pulledAt: pulledDaysAgo === undefined ? null : NOW - pulledDaysAgo * DAY_MS,
})

const all = { repositories: '**', tags: '**' }
const tags = [tag('v1', 40), tag('v2', 20, 1), tag('v3', 5), tag('latest', 1), tag('dev-a', 90)]

const kept = (rules: RetentionRule[], more: { inUse?: string[]; immutable?: string[] } = {}) =>
  planRetention({
    repository: 'p/web',
    tags,
    rules,
    now: NOW,
    inUse: new Set((more.inUse ?? []).map((name) => digestOf(Buffer.from(name)))),
    isImmutable: (name) => more.immutable?.includes(name) ?? false,
  })
    .filter(({ keep }) => keep)
    .map((verdict) => verdict.tag)

test('rules keep the last pushed, the lately pushed and the lately pulled', () => {
  assert.deepEqual(kept([{ ...all, keepLast: 2 }]), ['v3', 'latest'])
  assert.deepEqual(kept([{ ...all, keepPushedWithinDays: 30 }]), ['v2', 'v3', 'latest'])
  assert.deepEqual(kept([{ ...all, keepPulledWithinDays: 7 }]), ['v2'])
  assert.deepEqual(kept([{ ...all, keepAll: true }]).length, tags.length)
})

test('a tag that any rule keeps stays, and one that none is about', () => {
  const versions = { repositories: '**', tags: 'v*' }
  assert.deepEqual(kept([{ ...versions, keepLast: 1 }]), ['v3', 'latest', 'dev-a'])
  assert.deepEqual(
    kept([
      { ...all, keepLast: 1 },
      { ...versions, keepLast: 1 },
    ]),
    ['v3', 'latest'],
  )
  assert.deepEqual(kept([{ repositories: 'other', tags: '**', keepLast: 1 }]).length, tags.length)
})

test('what services run and what is immutable stays, whatever rules say', () => {
  const rules = [{ ...all, keepLast: 1 }]
  assert.deepEqual(kept(rules, { inUse: ['v1'], immutable: ['dev-a'] }), ['v1', 'latest', 'dev-a'])
})

const limited = (rules: RetentionRule[], more: Partial<AccessState> = {}): AccessState => ({
  ...emptyAccess,
  projects: [
    {
      name: 'p',
      isPublic: false,
      members: [],
      immutableTags: [],
      retention: { rules, untaggedAfterDays: 3 },
    },
  ],
  ...more,
})

const INDEX = 'application/vnd.oci.image.index.v1+json'

async function push(registry: MemoryRegistry, content: string, names: string[]) {
  const annotations = { content }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [], annotations })
  const digest = digestOf(Buffer.from(body))
  const url = `/v2/p/web/manifests/${digest}?${names.map((name) => `tag=${name}`).join('&')}`
  const put = { method: 'PUT', url, headers: { 'content-type': INDEX }, body }
  assert.equal((await registry.call(put)).status, 201)
  await registry.clock.advance(1_000)
  return digest
}

const ask = async (registry: MemoryRegistry, method: 'GET' | 'POST') => {
  const { status, bytes } = await registry.call({ method, url: '/ccs/v1/retention?project=p' })
  assert.equal(status, 200)
  return JSON.parse(bytes.toString()) as RepositoryRetention[]
}

const tagsOf = async (registry: MemoryRegistry) => {
  const { bytes } = await registry.call({ url: '/v2/p/web/tags/list' })
  return (JSON.parse(bytes.toString()) as { tags: string[] }).tags
}

test('a preview changes nothing and is what is done then; what goes can be had back', async () => {
  const registry = memoryRegistry({ state: limited([{ ...all, keepLast: 1 }]) })
  const old = await push(registry, 'old', ['a', 'b'])
  await push(registry, 'new', ['c'])
  const preview = await ask(registry, 'GET')
  assert.deepEqual(await tagsOf(registry), ['a', 'b', 'c'])
  assert.deepEqual(await ask(registry, 'POST'), preview)
  assert.deepEqual(await tagsOf(registry), ['c'])
  const [trashed] = registry.metadata.trash.page({ last: 0, limit: 10 })
  assert.deepEqual([trashed!.digest, trashed!.tags], [old, '["a","b"]'])
  assert.equal(trashed!.deletedBy, 'retention')
})

test('an image one of whose tags is kept loses the other tags only', async () => {
  const rules = [{ repositories: '**', tags: 'dev*', keepPulledWithinDays: 1 }]
  const registry = memoryRegistry({ state: limited(rules) })
  await push(registry, 'image', ['v1', 'dev'])
  await ask(registry, 'POST')
  assert.deepEqual(await tagsOf(registry), ['v1'])
  assert.deepEqual(registry.metadata.trash.page({ last: 0, limit: 10 }), [])
})

test('a pull by tag keeps it; asking whether it is there does not', async () => {
  const rules = [{ ...all, keepPulledWithinDays: 1 }]
  const registry = memoryRegistry({ state: limited(rules) })
  await push(registry, 'one', ['pulled'])
  await push(registry, 'two', ['asked-for'])
  await registry.call({ url: '/v2/p/web/manifests/pulled' })
  await registry.call({ method: 'HEAD', url: '/v2/p/web/manifests/asked-for' })
  await ask(registry, 'POST')
  assert.deepEqual(await tagsOf(registry), ['pulled'])
})

test('manifests without a tag go after their days, but for what a service runs', async () => {
  const registry = memoryRegistry({ state: limited([]) })
  const [gone, runs] = [await push(registry, 'gone', []), await push(registry, 'runs', [])]
  registry.access.update(limited([], { digestsInUse: [runs] }))
  assert.deepEqual((await ask(registry, 'POST'))[0]!.untagged, [])
  await registry.clock.advance(3 * DAY_MS)
  assert.deepEqual((await ask(registry, 'POST'))[0]!.untagged, [gone])
  const { status } = await registry.call({ url: `/v2/p/web/manifests/${runs}` })
  assert.equal(status, 200)
})

test('only administrators run it, and a project without rules loses nothing', async () => {
  const registry = memoryRegistry()
  const url = '/ccs/v1/retention?project=p'
  assert.equal((await registry.call({ method: 'POST', url, as: 'puller' })).status, 403)
  assert.equal((await registry.call({ url: '/ccs/v1/retention?project=../x' })).status, 400)
  await push(registry, 'stays', ['a'])
  assert.deepEqual(await ask(registry, 'POST'), [])
})

test('a schedule names minutes in UTC, and is due once for each of them', () => {
  const at = Date.UTC(2026, 0, 5, 3, 30)
  const nightly = parseSchedule('30 3 * * 1')
  assert.ok(namesMinute(nightly, at), 'a Monday')
  assert.ok(!namesMinute(nightly, at + DAY_MS))
  assert.ok(isDue('30 3 * * *', at - 90_000, at + 5_000))
  assert.ok(!isDue('30 3 * * *', at, at + 50_000))
  assert.ok(isDue('@hourly', at, at + 31 * 60_000))
  assert.ok(!isDue('no schedule', 0, at))
  // A clock that was set far ahead is no reason to look at every minute between.
  assert.ok(isDue('* * * * *', 0, at))
})
