import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { Access } from './access/access.ts'
import { emptyAccess } from './access/access-state.ts'
import { buildServices } from './build-services.ts'
import { chores } from './chores.ts'
import { memoryBlobStore } from './memory-blob-store.ts'
import { metadataIn } from './metadata.ts'
import { registryLimits } from './registry-limits.ts'
import { migrations } from './schema.ts'

test('a registry carries out what is scheduled and cuts its record by itself', async () => {
  const database = new DatabaseSync(':memory:')
  database.exec(migrations.join(';'))
  const metadata = metadataIn(database)
  const clock = fakeClock()
  const rules = [{ repositories: '**', tags: '**', keepLast: 1 }]
  const project = { name: 'p', isPublic: false, members: [], immutableTags: [] }
  const retention = { rules, schedule: '@hourly' }
  const access = new Access({
    clock,
    state: { ...emptyAccess, projects: [{ ...project, retention }] },
  })
  const options = { metadata, store: memoryBlobStore(), access, clock, random: seededRandom(1) }
  const services = buildServices({ ...options, log: silentLogger })
  for (const tag of ['old', 'new']) {
    const contentType = 'application/vnd.oci.image.index.v1+json'
    const index = { schemaVersion: 2, mediaType: contentType, manifests: [], annotations: { tag } }
    await services.manifests.put({
      repository: 'p/r',
      by: { name: 'a' },
      reference: { type: 'tag', tag },
      contentType,
      bytes: Buffer.from(JSON.stringify(index)),
    })
    await clock.advance(1_000)
  }
  const event = { type: 'tag', actor: 'long ago', repository: 'p/r' } as const
  metadata.events.append(event, clock.now() - registryLimits.eventsKeptMs)

  const running = chores({ services, access, log: silentLogger })
  for (const chore of running) chore.start()
  await clock.advance(2 * registryLimits.eventPruneIntervalMs)
  assert.deepEqual(
    metadata.retention.tags(1).map(({ tag }) => tag),
    ['new'],
  )
  const actors = metadata.events.after(0, 100).map(({ actor }) => actor)
  assert.ok(actors.includes('retention') && !actors.includes('long ago'), actors.join())
  await Promise.all(running.map((chore) => chore.stop()))
})
