import assert from 'node:assert/strict'
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { seededRandom } from '#base/random.ts'
import type { HostPathVolumeSource, Volume, VolumeMount } from '#kinds/k8s/core.ts'
import { hostRoot, podPlaces } from '../container/pod-places.ts'
import { testPod } from '../pods/test-view.ts'
import { memorySizeBytes } from './empty-dir.ts'
import { fakeVolumeMounts } from './fake-volume-mounts.ts'
import { hostPlace, openHostPath } from './host-path.ts'
import { OutsideError, openInside } from './inside.ts'
import { showHost } from './machine-mounts.ts'
import { podVolumes } from './pod-volumes.ts'
import { volumeMount } from './volume-mount.ts'

let root: string
let directories = 0

before(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'ccs-mounts-'))
})
after(() => rm(root, { recursive: true }))

async function newMachine() {
  const directory = path.join(root, String(directories++))
  const machine = { directory: `${directory}/disk`, runDirectory: `${directory}/run` }
  await mkdir(hostRoot(machine), { recursive: true })
  return machine
}

async function setup(volumes: Volume[]) {
  const machine = await newMachine()
  const mounts = fakeVolumeMounts()
  const none = async () => undefined
  const objects = { configMap: none, secret: none, services: async () => [] }
  const sources = { objects, tokens: async () => '', allocatable: { memory: '1Gi' } }
  const random = seededRandom(1)
  const made = podVolumes({ machine, sources, mounts, random, now: () => 0 })
  const pod = testPod({ volumes })
  const prepare = () => made.prepare(pod, { hostAddresses: [], podAddresses: [] })
  const mount = (what: Omit<VolumeMount, 'name'>, environment: Record<string, string> = {}) =>
    volumeMount(
      {
        pod,
        container: pod.spec.containers[0]!,
        places: podPlaces(machine, pod),
        volumes: made,
        mounts,
        environment: new Map(Object.entries(environment)),
      },
      { name: 'v', ...what },
      0,
    )
  const place = async () => (await made.placeOf(pod, 'v')).path
  return { machine, mounts, pod, volumes: made, prepare, mount, place }
}

describe('an emptyDir', () => {
  test('is made once, whatever its containers do to it', async () => {
    const s = await setup([{ name: 'v', emptyDir: {} }])
    await s.prepare()
    assert.equal((await stat(await s.place())).mode & 0o7777, 0o777)
    await chmod(await s.place(), 0o700)
    await s.prepare()
    assert.equal((await stat(await s.place())).mode & 0o7777, 0o700)
  })

  test('is completed when an agent died while making it', async () => {
    const s = await setup([{ name: 'v', emptyDir: {} }])
    await mkdir(`${await s.place()}.new`, { recursive: true })
    await s.prepare()
    assert.equal((await stat(await s.place())).mode & 0o7777, 0o777)
  })

  test('has the group of the pod, and hands it on', async () => {
    const s = await setup([{ name: 'v', emptyDir: {} }])
    s.pod.spec.securityContext = { fsGroup: process.getgid!() }
    await s.prepare()
    assert.equal((await stat(await s.place())).mode & 0o7777, 0o2777)
  })

  test('in memory is as large as its limit, the pod and the machine allow', () => {
    const memory = (limit?: string) => ({
      name: 'c',
      ...(limit === undefined ? {} : { resources: { limits: { memory: limit } } }),
    })
    const size = (sizeLimit: string | undefined, ...limits: (string | undefined)[]) =>
      memorySizeBytes({
        pod: testPod({ containers: limits.map(memory) }),
        source: { medium: 'Memory', ...(sizeLimit === undefined ? {} : { sizeLimit }) },
        allocatable: { memory: '1Gi' },
      }) / 1024
    assert.equal(size('4Ki', undefined), 4)
    assert.equal(size(undefined, undefined), 1024 * 1024)
    assert.equal(size(undefined, '10Ki', '20Ki'), 30)
    assert.equal(size('100Ki', '10Ki', '20Ki'), 30)
    assert.equal(size(undefined, '10Ki', undefined), 1024 * 1024)
  })

  test('of a medium that the machine does not have is refused', async () => {
    const s = await setup([{ name: 'v', emptyDir: { medium: 'HugePages-2Mi' } }])
    await assert.rejects(s.prepare(), /volume "v" : this machine has no memory of medium HugePages/)
  })
})

describe('a hostPath', () => {
  const open = async (
    machine: Awaited<ReturnType<typeof newMachine>>,
    source: HostPathVolumeSource,
  ) => {
    const place = await hostPlace(machine, source)
    await using _ = await openHostPath(place, source)
    return place
  }

  test('is what its type says, or is made so', async () => {
    const machine = await newMachine()
    const host = hostRoot(machine)
    await writeFile(path.join(host, 'file'), '')
    await mkdir(path.join(host, 'dir'))
    const server = createServer().listen(path.join(host, 'socket'))
    const refused: [string, HostPathVolumeSource['type'], string][] = [
      ['/file', 'Directory', 'a directory'],
      ['/none', 'Directory', 'a directory'],
      ['/file', 'DirectoryOrCreate', 'a directory'],
      ['/dir', 'File', 'a file'],
      ['/none', 'File', 'a file'],
      ['/dir', 'FileOrCreate', 'a file'],
      ['/file', 'Socket', 'a socket file'],
      ['/file', 'CharDevice', 'a character device'],
      ['/none', 'BlockDevice', 'a block device'],
    ]
    for (const [name, type, title] of refused)
      await assert.rejects(open(machine, { path: name, type }), {
        message: `hostPath type check failed: ${name} is not ${title}`,
      })
    const accepted: [string, HostPathVolumeSource['type']][] = [
      ['/dir', 'Directory'],
      ['/file', 'File'],
      ['/socket', 'Socket'],
      ['/new/dir', 'DirectoryOrCreate'],
      ['/new/file', 'FileOrCreate'],
      ['/plain', ''],
      ['/file', ''],
    ]
    for (const [name, type] of accepted) await open(machine, { path: name, type })
    assert.equal((await stat(path.join(host, 'new/dir'))).mode & 0o7777, 0o755)
    assert.equal((await stat(path.join(host, 'new/file'))).mode & 0o7777, 0o644)
    assert.ok((await stat(path.join(host, 'plain'))).isDirectory())
    server.close()
  })

  test('follows links as the machine would, never out of it', async () => {
    const machine = await newMachine()
    const host = hostRoot(machine)
    await mkdir(path.join(host, 'etc'))
    await symlink('/etc', path.join(host, 'absolute'))
    await symlink('../../../../etc', path.join(host, 'up'))
    for (const name of ['/absolute', '/up']) {
      const place = await open(machine, { path: name, type: 'Directory' })
      assert.equal(place.path, path.join(host, 'etc'))
    }
  })

  test("of /proc and /sys is the kernel's, to read only, and nothing is made there", async () => {
    const machine = await newMachine()
    await rm(hostRoot(machine), { recursive: true })
    await showHost(machine, fakeVolumeMounts())
    const place = await open(machine, { path: '/proc/sys/kernel', type: 'Directory' })
    assert.equal(place.readonly, true)
    assert.ok((await stat(path.join(place.path, 'hostname'))).isFile())
    await assert.rejects(open(machine, { path: '/proc/none' }), /\/proc\/none does not exist/)
    // The link there leads to the root of the computer.
    const root = await open(machine, { path: `/proc/${process.pid}/root`, type: 'Directory' })
    assert.equal(root.path, path.join(machine.runDirectory, 'kernel', 'proc'))
  })
})

describe('openInside', () => {
  test('refuses a directory that was swapped for a link after it was resolved', async () => {
    const machine = await newMachine()
    const host = hostRoot(machine)
    await mkdir(path.join(host, 'a/b'), { recursive: true })
    await rename(path.join(host, 'a'), path.join(host, 'moved'))
    await symlink('/etc', path.join(host, 'a'))
    const opened = openInside(host, path.join(host, 'a/b'), undefined)
    await assert.rejects(opened, (error) => error instanceof OutsideError)
  })
})

describe('a mount of a part of a volume', () => {
  test('is made with the access of the volume, and bound', async () => {
    const s = await setup([{ name: 'v', emptyDir: {} }])
    await s.prepare()
    const { hostPath } = await s.mount({ mountPath: '/x', subPath: 'a/b' })
    const made = path.join(await s.place(), 'a/b')
    assert.equal(await readlink(hostPath), made)
    assert.equal((await stat(made)).mode & 0o7777, 0o777)
    // Another start of the container replaces what was bound.
    await s.mount({ mountPath: '/x', subPath: 'c' })
    assert.equal(await readlink(hostPath), path.join(await s.place(), 'c'))
    await s.volumes.remove('u-1')
    assert.deepEqual([...s.mounts.mounted], [])
  })

  test('can be a file', async () => {
    const s = await setup([{ name: 'v', emptyDir: {} }])
    await s.prepare()
    await writeFile(path.join(await s.place(), 'file'), 'text')
    const { hostPath } = await s.mount({ mountPath: '/x', subPath: 'file' })
    assert.equal(await readFile(hostPath, 'utf8'), 'text')
  })

  test('can be named by the environment', async () => {
    const s = await setup([{ name: 'v', emptyDir: {} }])
    await s.prepare()
    const { hostPath } = await s.mount(
      { mountPath: '/x', subPathExpr: 'of-$(NAME)' },
      { NAME: 'web' },
    )
    assert.equal(await readlink(hostPath), path.join(await s.place(), 'of-web'))
  })

  const refused: [string, Partial<VolumeMount>, Record<string, string>, RegExp][] = [
    ['a variable that is missing', { subPathExpr: '$(NO)' }, {}, /^missing value for "NO"$/],
    ['a variable that is empty', { subPathExpr: '$(NO)' }, { NO: '' }, /^missing value for "NO"$/],
    [
      'an absolute path',
      { subPathExpr: '$(P)' },
      { P: '/tmp' },
      /^error SubPath `\/tmp` must not be an absolute path$/,
    ],
    [
      'a way out',
      { subPathExpr: '$(P)' },
      { P: '../x' },
      /^unable to provision SubPath `\.\.\/x`: must not contain '\.\.'$/,
    ],
    [
      'a link that leads out',
      { subPath: 'out/passwd' },
      {},
      /^failed to prepare subPath for volumeMount "v" of container "main"$/,
    ],
    [
      'a way through a file',
      { subPath: 'file/x' },
      {},
      /^failed to prepare subPath for volumeMount/,
    ],
    [
      'read-only mounts below',
      { readOnly: true, recursiveReadOnly: 'Enabled' },
      {},
      /^failed to resolve recursive read-only mode: volume "v" requested/,
    ],
  ]
  for (const [what, mount, environment, message] of refused)
    test(`refuses ${what}`, async () => {
      const s = await setup([{ name: 'v', emptyDir: {} }])
      await s.prepare()
      await symlink('/etc', path.join(await s.place(), 'out'))
      await writeFile(path.join(await s.place(), 'file'), '')
      const made = s.mount({ mountPath: '/x', ...mount }, environment)
      await assert.rejects(made, { name: 'ConfigError', message })
    })

  test('a link inside the volume is followed', async () => {
    const s = await setup([{ name: 'v', emptyDir: {} }])
    await s.prepare()
    await mkdir(path.join(await s.place(), 'there'))
    await symlink('there', path.join(await s.place(), 'here'))
    const { hostPath } = await s.mount({ mountPath: '/x', subPath: 'here' })
    assert.equal(await readlink(hostPath), path.join(await s.place(), 'there'))
  })
})

test('volumes of the API are to read only', async () => {
  const s = await setup([{ name: 'v', configMap: { name: 'none', optional: true } }])
  await s.prepare()
  assert.equal((await s.mount({ mountPath: '/x' })).readonly, true)
})

test('a mountPath that is not absolute is taken from the root', async () => {
  const s = await setup([{ name: 'v', emptyDir: {} }])
  await s.prepare()
  assert.equal((await s.mount({ mountPath: 'data' })).containerPath, '/data')
})
