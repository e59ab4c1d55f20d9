// What the conformance tests named "... API operations" and "... lifecycle" ask of a kind: it is made, read,
// listed, watched, patched, updated, its status too, and deleted, by name and as a collection.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KIND_CASES } from './test-kinds.ts'
import { type Json, listOf, testCluster, textOf } from './test-cluster.ts'

const LABELS = { test: 'operations' }
const SELECTED = '?labelSelector=test%3Doperations'

for (const { path, apiVersion, kind, body, status, name = 'one' } of KIND_CASES)
  test(`${kind} of ${apiVersion}: API operations`, async () => {
    const { api } = await testCluster()
    const made = (called: string) => ({
      apiVersion,
      kind,
      ...body,
      metadata: { name: called, labels: LABELS },
    })
    const created = await api.create(path, made(name))
    assert.equal(
      (await api.get(`${path}/${name}`))['metadata']?.['uid'],
      created['metadata']?.['uid'],
    )
    assert.equal(listOf((await api.get(`${path}${SELECTED}`))['items']).length, 1)

    const stop = new AbortController()
    const since = textOf(created['metadata']?.['resourceVersion'])
    const events = await api.watch(
      `${path}?watch=1&resourceVersion=${since}&labelSelector=test%3Doperations`,
      stop.signal,
    )
    const patched = await api.patch(`${path}/${name}`, {
      metadata: { annotations: { patched: 'true' } },
    })
    assert.equal(patched['metadata']?.['annotations']?.['patched'], 'true')
    assert.equal((await nextOf(events))['type'], 'MODIFIED')

    const annotations = { ...patched['metadata']?.['annotations'], updated: 'true' }
    const updated = await api.update(`${path}/${name}`, {
      ...patched,
      metadata: { ...patched['metadata'], annotations },
    })
    assert.equal(updated['metadata']?.['annotations']?.['updated'], 'true')
    if (status !== undefined) {
      const told = await api.patch(`${path}/${name}/status`, { status })
      const [key, value] = Object.entries(status)[0]!
      assert.deepEqual(withoutDefaults(told['status']?.[key], value), value)
      await api.update(`${path}/${name}/status`, { ...told, status: told['status'] })
    }
    await release(api, `${path}/${name}`)
    await assert.rejects(api.get(`${path}/${name}`), { reason: 'NotFound' })
    stop.abort()

    if (name === 'one') for (const other of ['two', 'three']) await api.create(path, made(other))
    await api.send('DELETE', `${path}${SELECTED}`)
    for (const item of listOf((await api.get(`${path}${SELECTED}`))['items']))
      await release(api, `${path}/${textOf(item['metadata']?.['name'])}`)
    assert.equal(listOf((await api.get(`${path}${SELECTED}`))['items']).length, 0)
  })

/** Deletes, and lets go what controllers would let go of. */
async function release(
  api: Awaited<ReturnType<typeof testCluster>>['api'],
  place: string,
): Promise<void> {
  const gone = await api.delete(place)
  if (gone['metadata']?.['finalizers'] !== undefined)
    await api.patch(place, { metadata: { finalizers: null } })
}

async function nextOf(events: AsyncIterator<Json>): Promise<Json> {
  const { value, done } = await events.next()
  assert.ok(!done, 'the watch goes on')
  return value
}

/** A condition may have got a time of its own. */
function withoutDefaults(told: unknown, wanted: unknown): unknown {
  if (!Array.isArray(told) || !Array.isArray(wanted)) return told
  return (told as object[]).map((item, i) =>
    Object.fromEntries(
      Object.keys(wanted[i] as object).map((key) => [key, (item as Record<string, unknown>)[key]]),
    ),
  )
}
