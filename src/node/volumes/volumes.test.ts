import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { seededRandom } from '#base/random.ts'
import type { ConfigMap, Pod, PodSecurityContext, Secret, Volume } from '#kinds/k8s/core.ts'
import { hostRoot } from '../container/pod-places.ts'
import { testPod } from '../pods/test-view.ts'
import { writeAtomicDirectory } from './atomic-directory.ts'
import { fakeVolumeMounts } from './fake-volume-mounts.ts'
import { resolveInside } from './inside.ts'
import { type Payload, checkedPath, keysPayload } from './payload.ts'
import { podVolumes } from './pod-volumes.ts'
import { showsChange } from './projected-payload.ts'
import { refreshAtMs } from './service-account-token.ts'

let root: string

before(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'ccs-volumes-'))
})
after(() => rm(root, { recursive: true }))

let directories = 0
async function newDirectory(): Promise<string> {
  const directory = path.join(root, String(directories++))
  await mkdir(directory)
  return directory
}

const payloadOf = (files: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([file, text]) => [file, { content: Buffer.from(text), mode }]))

describe('writeAtomicDirectory', () => {
  const textOf = (...parts: string[]) => readFile(path.join(...parts), 'utf8')

  test('shows files through one link and swaps them all at once', async () => {
    const volume = await newDirectory()
    await writeAtomicDirectory(volume, payloadOf({ a: '1', 'sub/b': '2' }), { version: 'v1' })
    assert.equal(await readlink(path.join(volume, '..data')), '..v1')
    assert.equal(await readlink(path.join(volume, 'a')), '..data/a')
    assert.equal(await textOf(volume, 'sub', 'b'), '2')
    await writeAtomicDirectory(volume, payloadOf({ a: 'new' }), { version: 'v2' })
    assert.equal(await textOf(volume, 'a'), 'new')
    assert.deepEqual((await readdir(volume)).toSorted(), ['..data', '..v2', 'a'])
  })

  test('does nothing when nothing changed', async () => {
    const volume = await newDirectory()
    const files = payloadOf({ a: '1' })
    assert.equal(await writeAtomicDirectory(volume, files, { version: 'v1' }), true)
    assert.equal(await writeAtomicDirectory(volume, files, { version: 'v2' }), false)
    assert.equal(await readlink(path.join(volume, '..data')), '..v1')
  })

  test('a changed mode is a change', async () => {
    const volume = await newDirectory()
    await writeAtomicDirectory(volume, payloadOf({ a: '1' }), { version: 'v1' })
    await writeAtomicDirectory(volume, payloadOf({ a: '1' }, 0o400), { version: 'v2' })
    assert.equal((await stat(path.join(volume, 'a'))).mode & 0o777, 0o400)
  })

  test('completes what a killed process left half done', async () => {
    const volume = await newDirectory()
    // Killed after writing files, before the link; and with the temporary link left.
    await mkdir(path.join(volume, '..v1'))
    await symlink('..v1', path.join(volume, '..data_tmp'))
    await writeAtomicDirectory(volume, payloadOf({ a: '1' }), { version: 'v2' })
    assert.deepEqual((await readdir(volume)).toSorted(), ['..data', '..v2', 'a'])
  })
})

describe('resolveInside', () => {
  test('links and ".." stay below the root', async () => {
    const volume = await newDirectory()
    await symlink('/etc', path.join(volume, 'absolute'))
    await symlink('../../..', path.join(volume, 'up'))
    const rows: [string, string][] = [
      ['a/b', 'a/b'],
      ['/a', 'a'],
      ['../../a', 'a'],
      ['absolute/passwd', 'etc/passwd'],
      ['up/a', 'a'],
    ]
    for (const [relative, expected] of rows)
      assert.equal(await resolveInside(volume, relative), path.join(volume, expected), relative)
  })

  test('gives up on a circle of links', async () => {
    const volume = await newDirectory()
    await symlink('b', path.join(volume, 'a'))
    await symlink('a', path.join(volume, 'b'))
    await assert.rejects(resolveInside(volume, 'a'), /too many symbolic links/)
  })
})

const base64 = (text: string) => Buffer.from(text).toString('base64')
const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c' },
  data: { key: 'text' },
  binaryData: { bytes: base64('raw') },
}

describe('keysPayload', () => {
  const options = { items: undefined, defaultMode: 0o600, optional: false }
  const plain = (payload: Payload) =>
    Object.fromEntries(
      [...payload].map(([file, { content, mode }]) => [file, [String(content), mode]]),
    )

  test('takes all keys', () => {
    assert.deepEqual(plain(keysPayload(configMap, options)), {
      key: ['text', 0o600],
      bytes: ['raw', 0o600],
    })
  })

  test('takes chosen keys to their paths', () => {
    const items = [{ key: 'key', path: 'dir/file', mode: 0o444 }]
    assert.deepEqual(plain(keysPayload(configMap, { ...options, items })), {
      'dir/file': ['text', 0o444],
    })
  })

  test('a missing key is an error unless optional', () => {
    const items = [{ key: 'none', path: 'file' }]
    assert.throws(() => keysPayload(configMap, { ...options, items }), /non-existent config key/)
    assert.equal(keysPayload(configMap, { ...options, items, optional: true }).size, 0)
  })

  test('checkedPath refuses paths that leave the volume or collide with its links', () => {
    for (const bad of ['', '/a', '../a', 'a/../b', '..data', '..data/x'])
      assert.throws(() => checkedPath(bad), /is not a relative path/, bad)
    assert.equal(checkedPath('a/./b'), 'a/b')
  })
})

const NOW_MS = Date.UTC(2026, 0, 1)
const tokenOf = (issuedMs: number, lifeSeconds: number) => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = issuedMs / 1000
  return `${part({ alg: 'none' })}.${part({ iat, exp: iat + lifeSeconds })}.x`
}

test('showsChange knows what the downward API shows in files', () => {
  const item = { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }
  const volumes: Volume[] = [{ name: 'v', downwardAPI: { items: [item] } }]
  const projected: Volume[] = [
    { name: 'v', projected: { sources: [{ downwardAPI: { items: [item] } }] } },
  ]
  for (const shown of [volumes, projected]) {
    const pod = testPod({ volumes: shown }, { labels: { a: '1' } })
    assert.equal(showsChange(pod, testPod({ volumes: shown }, { labels: { a: '1' } })), false)
    assert.equal(showsChange(pod, testPod({ volumes: shown }, { labels: { a: '2' } })), true)
    const annotated = testPod({ volumes: shown }, { labels: { a: '1' }, annotations: { b: '1' } })
    assert.equal(showsChange(pod, annotated), true)
  }
  assert.equal(showsChange(testPod({}, { labels: { a: '1' } }), testPod({})), false)
})

test('refreshAtMs is at 80 % of a token life, a day at most', () => {
  assert.equal(refreshAtMs(tokenOf(NOW_MS, 1_000)), NOW_MS + 800_000)
  assert.equal(refreshAtMs(tokenOf(NOW_MS, 1_000_000)), NOW_MS + 86_400_000)
  assert.equal(refreshAtMs('rubbish'), undefined)
})

describe('podVolumes', () => {
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { word: base64('hidden') },
  }

  async function setup(volumes: Volume[]) {
    const directory = await newDirectory()
    const machine = { directory: `${directory}/disk`, runDirectory: `${directory}/run` }
    const state = { nowMs: NOW_MS, tokens: 0, config: configMap as ConfigMap | undefined }
    const volumesOf = podVolumes({
      machine,
      sources: {
        objects: {
          configMap: async () => state.config,
          secret: async () => secret,
          services: async () => [],
        },
        tokens: async () => {
          state.tokens += 1
          return tokenOf(state.nowMs, 1_000)
        },
        allocatable: { cpu: '2', memory: '1Gi' },
      },
      mounts: fakeVolumeMounts(),
      random: seededRandom(1),
      now: () => state.nowMs,
    })
    const pod: Pod = testPod({ volumes }, { labels: { b: '2', a: '1' } })
    const addresses = { hostAddresses: ['10.0.0.11'], podAddresses: ['10.0.1.5'] }
    const prepare = () => volumesOf.prepare(pod, addresses)
    const placeOf = async (volume: string) => (await volumesOf.placeOf(pod, volume)).path
    const text = async (volume: string, file: string) =>
      readFile(path.join(await placeOf(volume), file), 'utf8')
    return { machine, state, volumes: volumesOf, pod, prepare, placeOf, text }
  }

  test('keeps what is secret in memory and the rest on disk', async () => {
    const s = await setup([
      { name: 's', secret: { secretName: 's' } },
      { name: 'disk', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory' } },
      { name: 'host', hostPath: { path: '/../var/x', type: 'DirectoryOrCreate' } },
    ])
    await mkdir(hostRoot(s.machine), { recursive: true })
    await s.prepare()
    assert.equal(await s.text('s', 'word'), 'hidden')
    const place = s.placeOf
    assert.ok((await place('s')).startsWith(s.machine.runDirectory))
    assert.ok((await place('memory')).startsWith(s.machine.runDirectory))
    assert.ok((await place('disk')).startsWith(s.machine.directory))
    assert.equal((await stat(await place('disk'))).mode & 0o777, 0o777)
    assert.equal(await place('host'), `${s.machine.runDirectory}/host/var/x`)
  })

  test('joins projected sources and renews the token in time', async () => {
    const s = await setup([
      {
        name: 'p',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token' } },
            { configMap: { name: 'c', items: [{ key: 'key', path: 'ca.crt' }] } },
            {
              downwardAPI: {
                items: [
                  { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                  { path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } },
                ],
              },
            },
          ],
        },
      },
    ])
    const first = await s.prepare()
    assert.equal(first.refreshAtMs, NOW_MS + 800_000)
    assert.equal(await s.text('p', 'ca.crt'), 'text')
    assert.equal(await s.text('p', 'labels'), 'a="1"\nb="2"')
    assert.equal(await s.text('p', 'namespace'), 'shop')
    await s.prepare()
    assert.equal(s.state.tokens, 1)
    s.state.nowMs += 800_000
    await s.prepare()
    assert.equal(s.state.tokens, 2)
  })

  test('gives a token to the one user of all containers, with the group where there is one', async () => {
    const token = { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }
    const user = process.getuid!()
    const rows: [PodSecurityContext, (number | undefined)[], number][] = [
      [{}, [undefined], 0o644],
      [{ runAsUser: user }, [undefined], 0o600],
      [{}, [user, user], 0o600],
      [{}, [user, 1_234], 0o644],
      [{ fsGroup: process.getgid!() }, [undefined], 0o640],
    ]
    for (const [securityContext, users, mode] of rows) {
      const s = await setup([{ name: 'p', ...token }])
      s.pod.spec.securityContext = securityContext
      s.pod.spec.containers = users.map((runAsUser, i) => ({
        name: `c${i}`,
        ...(runAsUser === undefined ? {} : { securityContext: { runAsUser } }),
      }))
      await s.prepare()
      const stats = await stat(path.join(await s.placeOf('p'), 'token'))
      assert.equal(stats.mode & 0o7777, mode, JSON.stringify([securityContext, users]))
    }
  })

  test('refuses sources of projected volumes that it does not know', async () => {
    const s = await setup([
      { name: 'p', projected: { sources: [{ clusterTrustBundle: { path: 'x', name: 'y' } }] } },
    ])
    await assert.rejects(s.prepare(), /clusterTrustBundle projections are not supported/)
  })

  test('names the volume that cannot be made', async () => {
    const s = await setup([{ name: 'v', configMap: { name: 'none' } }])
    s.state.config = undefined
    await assert.rejects(s.prepare(), {
      message: 'MountVolume.SetUp failed for volume "v" : configmap "none" not found',
    })
    const other = await setup([{ name: 'd', persistentVolumeClaim: { claimName: 'd' } }])
    await assert.rejects(other.prepare(), /volumes of this type are not supported/)
  })

  test('an optional source that is missing leaves an empty volume', async () => {
    const s = await setup([{ name: 'v', configMap: { name: 'none', optional: true } }])
    s.state.config = undefined
    await s.prepare()
    assert.deepEqual(
      (await readdir(await s.placeOf('v'))).filter((name) => !name.startsWith('..')),
      [],
    )
  })

  test('leaves nothing of a removed pod', async () => {
    const s = await setup([
      { name: 's', secret: { secretName: 's' } },
      { name: 'disk', emptyDir: {} },
    ])
    await s.prepare()
    assert.deepEqual(await s.volumes.uids(), ['u-1'])
    await s.volumes.remove('u-1')
    assert.deepEqual(await s.volumes.uids(), [])
  })
})
