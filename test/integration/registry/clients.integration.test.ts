// The clients people use, unmodified: buildah, skopeo and containerd.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { adminToken, makeDataDir, pullToken, startRegistry } from './start-registry.ts'

const run = promisify(execFile)
const timeout = 60_000
const admin = `admin:${adminToken}`
const puller = `puller:${pullToken}`

const dataDir = await makeDataDir()
const work = await mkdtemp(path.join(tmpdir(), 'ccs-registry-clients-'))
const registry = await startRegistry(dataDir)
const image = `${registry.host}/demo/busybox`

after(async () => {
  await registry.stop()
  await rm(dataDir, { recursive: true, force: true })
  await rm(work, { recursive: true, force: true })
})

const storage = [
  '--root',
  path.join(work, 'storage'),
  '--runroot',
  path.join(work, 'run'),
  '--storage-driver',
  'vfs',
]
const buildah = (...args: string[]) => run('buildah', [...storage, ...args], { timeout })
const skopeo = (...args: string[]) => run('skopeo', args, { timeout })

async function buildBusybox() {
  const context = path.join(work, 'context')
  await mkdir(context)
  await copyFile('/bin/busybox', path.join(context, 'busybox'))
  const dockerfile = 'FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT ["/bin/busybox"]\n'
  await writeFile(path.join(context, 'Dockerfile'), dockerfile)
  await buildah('bud', '--isolation', 'chroot', '--tag', 'local/busybox', context)
}

async function inspect(name: string): Promise<string> {
  const args = ['inspect', '--tls-verify=false', '--creds', puller, '--format', '{{.Digest}}']
  return (await skopeo(...args, `docker://${name}`)).stdout.trim()
}

test('buildah pushes an image and says the digest that the registry has', { timeout }, async () => {
  await buildBusybox()
  const digestFile = path.join(work, 'digest')
  const push = ['push', '--tls-verify=false', '--creds', admin, '--digestfile', digestFile]
  await buildah(...push, 'local/busybox', `docker://${image}:v1`)
  const { stdout } = await run('cat', [digestFile])
  assert.equal(stdout.trim(), await inspect(`${image}:v1`))
})

test('buildah may not push with a token that only pulls', { timeout }, async () => {
  const push = ['push', '--tls-verify=false', '--creds', puller, 'local/busybox']
  await assert.rejects(buildah(...push, `docker://${image}:no`), /denied|may not push/)
})

test('skopeo copies to a directory and to another repository', { timeout }, async () => {
  const digest = await inspect(`${image}:v1`)
  const directory = `dir:${path.join(work, 'copied')}`
  await skopeo(
    'copy',
    '--src-tls-verify=false',
    '--src-creds',
    puller,
    `docker://${image}:v1`,
    directory,
  )
  const target = `docker://${registry.host}/demo/second:v1`
  await skopeo('copy', '--dest-tls-verify=false', '--dest-creds', admin, directory, target)
  assert.equal(await inspect(`${registry.host}/demo/second:v1`), digest)
  const both = ['--src-tls-verify=false', '--dest-tls-verify=false', '--src-creds', admin]
  const mounted = `docker://${registry.host}/other/third:v1`
  await skopeo('copy', ...both, '--dest-creds', admin, `docker://${image}:v1`, mounted)
  assert.equal(await inspect(`${registry.host}/other/third:v1`), digest)
})

test('skopeo copies to the docker format and back', { timeout }, async () => {
  const plain = ['--src-tls-verify=false', '--dest-tls-verify=false', '--src-creds', admin]
  const args = ['copy', ...plain, '--dest-creds', admin, '--format', 'v2s2']
  await skopeo(...args, `docker://${image}:v1`, `docker://${registry.host}/demo/docker:v1`)
  const raw = ['inspect', '--raw', '--tls-verify=false', '--creds', puller]
  const { stdout } = await skopeo(...raw, `docker://${registry.host}/demo/docker:v1`)
  assert.match(stdout, /application\/vnd\.docker\.distribution\.manifest\.v2\+json/)
})

test('buildah pushes an index with all its images', { timeout }, async () => {
  await buildah('manifest', 'create', 'local/list', 'local/busybox')
  const push = ['manifest', 'push', '--all', '--tls-verify=false', '--creds', admin]
  await buildah(...push, 'local/list', `docker://${image}:list`)
  const raw = ['inspect', '--raw', '--tls-verify=false', '--creds', puller]
  const { stdout } = await skopeo(...raw, `docker://${image}:list`)
  const index = JSON.parse(stdout) as { manifests: { digest: string }[] }
  assert.equal(index.manifests.length, 1)
})

test('skopeo lists tags and deletes an image', { timeout }, async () => {
  const flags = ['--tls-verify=false', '--creds', admin]
  const tags = await skopeo('list-tags', ...flags, `docker://${image}`)
  assert.deepEqual((JSON.parse(tags.stdout) as { Tags: string[] }).Tags, ['list', 'v1'])
  await skopeo('delete', ...flags, `docker://${registry.host}/demo/second:v1`)
  await assert.rejects(inspect(`${registry.host}/demo/second:v1`), /manifest unknown|no manifest/)
})

test('containerd pulls, directly and as from a mirror, and pushes', { timeout }, async (t) => {
  const root = path.join(work, 'containerd')
  const hosts = path.join(work, 'certs.d')
  const mirror = path.join(hosts, 'registry.ccs.internal')
  await mkdir(mirror, { recursive: true })
  await mkdir(root)
  const toml = `[host."http://${registry.host}"]\n  capabilities = ["pull", "resolve"]\n`
  await writeFile(path.join(mirror, 'hosts.toml'), toml)
  const config = path.join(root, 'config.toml')
  await writeFile(
    config,
    `version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n` +
      `root = "${root}/root"\nstate = "${root}/state"\n[grpc]\n  address = "${root}/c.sock"\n`,
  )
  const containerd = spawn('containerd', ['--config', config], { stdio: 'ignore' })
  t.after(async () => {
    containerd.kill()
    await once(containerd, 'exit')
  })
  const ctr = (...args: string[]) => run('ctr', ['-a', `${root}/c.sock`, ...args], { timeout })
  for (let tries = 0; ; tries++) {
    try {
      await ctr('version')
      break
    } catch (error) {
      if (tries >= 50) throw error
      await sleep(100)
    }
  }
  const digest = await inspect(`${image}:v1`)
  const digestOf = async (name: string) => {
    const { stdout } = await ctr('images', 'list', `name==${name}`)
    return /sha256:[0-9a-f]{64}/.exec(stdout)?.[0]
  }

  await ctr('images', 'pull', '--plain-http', '--user', puller, `${image}:v1`)
  assert.equal(await digestOf(`${image}:v1`), digest)

  const canonical = 'registry.ccs.internal/demo/busybox:v1'
  await ctr('images', 'pull', '--hosts-dir', hosts, '--user', puller, canonical)
  assert.equal(await digestOf(canonical), digest)

  const pushed = `${registry.host}/demo/from-containerd:v1`
  await ctr('images', 'push', '--plain-http', '--user', admin, pushed, `${image}:v1`)
  assert.equal(await inspect(pushed), digest)
})
