import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRegistry } from './memory-registry.ts'
import { emptyAccess } from './access/access-state.ts'

const OCI = 'application/vnd.oci.image.manifest.v1+json'

async function pushed(registry: ReturnType<typeof memoryRegistry>, tag: string, content: string) {
  const config = await registry.pushBlob('team/app', content)
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [],
  })
  const url = `/v2/team/app/manifests/${tag}`
  return registry.call({ method: 'PUT', url, body, headers: { 'content-type': OCI } })
}

const immutable = {
  ...emptyAccess,
  projects: [
    {
      name: 'team',
      isPublic: false,
      members: [],
      immutableTags: [{ repositories: '*', tags: 'v*' }],
    },
  ],
}

const eventsOf = ({ metadata }: ReturnType<typeof memoryRegistry>) =>
  metadata.events.after(0, 100).map(({ type, tag, actor }) => [type, tag, actor].join(' '))

test('an immutable tag is made once, and neither moved nor taken away in any way', async () => {
  const registry = memoryRegistry({ state: immutable })
  const first = await pushed(registry, 'v1', 'one')
  const digest = first.headers['Docker-Content-Digest']
  assert.equal(first.status, 201)

  const moved = await pushed(registry, 'v1', 'two')
  assert.equal(moved.status, 403)
  assert.match(moved.bytes.toString(), /team\/app:v1 is immutable/)
  for (const reference of ['v1', digest]) {
    const url = `/v2/team/app/manifests/${reference}`
    assert.equal((await registry.call({ method: 'DELETE', url })).status, 403, reference)
  }
  // Nothing of the refused requests is left.
  const found = await registry.call({ url: '/v2/team/app/manifests/v1' })
  assert.equal(found.headers['Docker-Content-Digest'], digest)
  assert.deepEqual(eventsOf(registry), ['push  admin', 'tag v1 admin'])
})

test('pushing the same image again to an immutable tag is fine', async () => {
  const registry = memoryRegistry({ state: immutable })
  await pushed(registry, 'v1', 'one')
  assert.equal((await pushed(registry, 'v1', 'one')).status, 201)
})

test('tags that no rule means move and go, and each change is an event', async () => {
  const registry = memoryRegistry({ state: immutable })
  const first = await pushed(registry, 'latest', 'one')
  await pushed(registry, 'latest', 'two')
  const moved = registry.metadata.events.after(0, 100).at(-1)!
  assert.equal(moved.previous, first.headers['Docker-Content-Digest'])
  const url = '/v2/team/app/manifests/latest'
  assert.equal((await registry.call({ method: 'DELETE', url })).status, 202)
  assert.deepEqual(eventsOf(registry).slice(-2), ['tag latest admin', 'untag latest admin'])
})

test('who may only make tags does neither move nor take away one', async () => {
  const registry = memoryRegistry()
  const { manifests, metadata } = registry
  await pushed(registry, 'latest', 'one')
  const repository = metadata.repositories.find('team/app')!
  const by = { name: 'team+ci', createOnly: true }
  const latest = { type: 'tag', tag: 'latest' } as const
  assert.throws(() => manifests.delete(repository.name, latest, by), /may make tags only/)
  const { digest } = metadata.tags.find(repository.id, 'latest')!
  const byDigest = { type: 'digest', digest } as const
  assert.throws(() => manifests.delete(repository.name, byDigest, by), /may make tags only/)
})
