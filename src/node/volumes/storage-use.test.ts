import assert from 'node:assert/strict'
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import type { Pod, Volume } from '#kinds/k8s/core.ts'
import { podPlaces } from '../container/pod-places.ts'
import { testContainer, testPod } from '../pods/test-view.ts'
import { diskUse } from './disk-use.ts'
import { StorageKeeper } from './storage-keeper.ts'
import { hasStorageLimits, storageExcess } from './storage-use.ts'

const limited = (name: string, limit: string | undefined) =>
  testContainer(
    name,
    limit === undefined ? {} : { resources: { limits: { 'ephemeral-storage': limit } } },
  )
const podOf = (limits: Record<string, string | undefined>, volumes: Volume[] = []): Pod =>
  testPod({
    containers: Object.entries(limits).map(([name, limit]) => limited(name, limit)),
    volumes,
  })
const volume = (sizeLimit?: string, medium = ''): Volume => ({
  name: 'v',
  emptyDir: { medium, ...(sizeLimit === undefined ? {} : { sizeLimit }) },
})

const KIB = 1024
const cases: [string, Pod, Record<string, number>, Record<string, number>, string?][] = [
  ['has no limits', podOf({ a: undefined }, [volume()]), { a: 9e9 }, { v: 9e9 }],
  ['keeps within its limits', podOf({ a: '4Ki' }, [volume('2Ki')]), { a: 2 * KIB }, { v: 2 * KIB }],
  [
    'has too much in a volume',
    podOf({ a: undefined }, [volume('2Ki')]),
    {},
    { v: 2 * KIB + 1 },
    'Usage of EmptyDir volume "v" exceeds the limit "2Ki". ',
  ],
  [
    'has too much in all',
    podOf({ a: '2Ki', b: '2Ki' }, [volume()]),
    { a: KIB, b: KIB },
    { v: 2 * KIB + 1 },
    'Pod ephemeral local storage usage exceeds the total limit of containers 4Ki. ',
  ],
  [
    'has too much in one container',
    podOf({ a: '2Ki', b: '9Ki' }),
    { a: 3 * KIB },
    {},
    'Container a exceeded its local ephemeral storage limit "2Ki". ',
  ],
]

describe('storageExcess of a pod that', () => {
  for (const [what, pod, containers, volumes, expected] of cases)
    test(what, () => {
      const use = {
        containers: new Map(Object.entries(containers)),
        volumes: new Map(Object.entries(volumes)),
      }
      assert.equal(storageExcess(pod, use), expected)
    })

  test('has its volumes in memory is left to the memory', () => {
    const pod = podOf({ a: undefined }, [volume('1Ki', 'Memory')])
    assert.equal(hasStorageLimits(pod), false)
  })
})

test('diskUse counts blocks once, follows no links, and nothing where nothing is', async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'ccs-use-'))
  try {
    await mkdir(path.join(root, 'a'))
    await writeFile(path.join(root, 'a/file'), Buffer.alloc(64 * KIB, 1))
    const before = await diskUse(root)
    assert.ok(before >= 64 * KIB && before < 128 * KIB, String(before))
    await link(path.join(root, 'a/file'), path.join(root, 'a/same'))
    await symlink('/usr', path.join(root, 'usr'))
    assert.ok((await diskUse(root)) < 128 * KIB)
    assert.equal(await diskUse(path.join(root, 'none')), 0)
  } finally {
    await rm(root, { recursive: true })
  }
})

test('StorageKeeper lets a pod go whose layer, logs and volumes are too large together', async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'ccs-keeper-'))
  try {
    const machine = { directory: root, runDirectory: root }
    const pod = podOf({ main: '100Ki' }, [volume()])
    const { directory, logs } = podPlaces(machine, pod)
    let usedBytes = 20 * KIB
    const layer = { labels: { 'io.kubernetes.container.name': 'main' } }
    const evicted: string[] = []
    const keeper = new StorageKeeper({
      pods: () => [pod, testPod({})],
      runtime: { writableLayers: () => Promise.resolve([{ ...layer, usedBytes }]) },
      machine,
      evict: (_, message) => evicted.push(message),
      periodMs: 1_000,
      clock: fakeClock(),
      log: silentLogger,
    })
    for (const place of [path.join(directory, 'volumes/v'), path.join(logs, 'main')]) {
      await mkdir(place, { recursive: true })
      await writeFile(path.join(place, 'x'), Buffer.alloc(30 * KIB, 1))
    }
    await keeper.look()
    assert.deepEqual(evicted, [])
    usedBytes = 60 * KIB
    await keeper.look()
    assert.deepEqual(evicted, [
      'Pod ephemeral local storage usage exceeds the total limit of containers 100Ki. ',
    ])
  } finally {
    await rm(root, { recursive: true })
  }
})
