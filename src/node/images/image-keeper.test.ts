import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import type { ListedContainer, RuntimeImage } from '../runtime/runtime.ts'
import { ImageKeeper, bytesToFree } from './image-keeper.ts'

const limits = { periodMs: 300_000, highShare: 0.85, lowShare: 0.8, ageMsMin: 120_000 }

describe('bytesToFree', () => {
  const rows: [availableBytes: number, bytes: number][] = [
    [500, 0],
    [151, 0],
    [150, 50],
    [0, 200],
  ]
  for (const [availableBytes, bytes] of rows)
    test(`is ${bytes} with ${availableBytes} of 1000 left`, () =>
      assert.equal(bytesToFree({ capacityBytes: 1_000, availableBytes }, limits), bytes))
})

function setup(names: readonly string[]) {
  const clock = fakeClock()
  const disk = { capacityBytes: 1_000, availableBytes: 1_000 }
  const used = new Set<string>()
  let images = names.map((name): RuntimeImage => ({
    id: `sha256:${name}`,
    repoTags: [name],
    repoDigests: [],
    sizeBytes: 40,
    uid: undefined,
    username: '',
  }))
  const failures: string[] = []
  const keeper = new ImageKeeper({
    runtime: {
      listImages: () => Promise.resolve(images),
      listContainers: () =>
        Promise.resolve([...used].map((image) => ({ image }) as ListedContainer)),
      removeImage: (id) => {
        images = images.filter((image) => image.id !== id)
        return Promise.resolve()
      },
    },
    disk: () => Promise.resolve(disk),
    pinned: ['pause'],
    limits,
    failed: (message) => failures.push(message),
    clock,
    log: silentLogger,
  })
  const present = () => images.map(({ repoTags: [name] }) => name)
  return { clock, disk, used, keeper, failures, present }
}

describe('ImageKeeper', () => {
  test('removes what was unused longest, until there is room', async () => {
    const s = setup(['pause', 'a', 'b', 'c'])
    s.used.add('sha256:a').add('sha256:b')
    await s.keeper.look()
    await s.clock.advance(300_000)
    s.used.delete('sha256:a')
    await s.keeper.look()
    assert.equal(s.present().length, 4)
    s.disk.availableBytes = 130
    await s.clock.advance(300_000)
    await s.keeper.look()
    assert.deepEqual(s.present(), ['pause', 'b'])
    assert.deepEqual(s.failures, [])
  })

  test('leaves what is used, needed by the runtime or just came, and says once that it failed', async () => {
    const s = setup(['pause', 'a', 'new'])
    s.used.add('sha256:a')
    s.disk.availableBytes = 100
    for (let again = 0; again < 2; again++) await s.keeper.look()
    assert.equal(s.present().length, 3)
    assert.deepEqual(s.failures, [
      'Failed to garbage collect required amount of images. Attempted to free 100 bytes, but only found 0 bytes eligible to free.',
    ])
    s.disk.availableBytes = 500
    await s.keeper.look()
    s.disk.availableBytes = 100
    await s.keeper.look()
    assert.equal(s.failures.length, 2)
  })
})
