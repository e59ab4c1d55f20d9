// docker with a daemon of its own, and podman: push, pull, log in, and equal digests for both.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { unpackPackage } from '../../programs/private-package.ts'
import { adminToken, makeDataDir, pullToken, startRegistry } from './start-registry.ts'

const run = promisify(execFile)
const timeout = 120_000

const dataDir = await makeDataDir()
const work = await mkdtemp(path.join(tmpdir(), 'ccs-docker-clients-'))
const registry = await startRegistry(dataDir)
const image = `${registry.host}/demo/busybox`

after(async () => {
  await registry.stop()
  await rm(dataDir, { recursive: true, force: true })
  await rm(work, { recursive: true, force: true })
})

/** A file system of one busybox, as a tar archive that both clients import. */
async function archive(): Promise<string> {
  const root = path.join(work, 'rootfs')
  const file = path.join(work, 'rootfs.tar')
  await mkdir(path.join(root, 'bin'), { recursive: true })
  await copyFile('/bin/busybox', path.join(root, 'bin', 'busybox'))
  await run('tar', ['-cf', file, '-C', root, '.'])
  return file
}

async function digestInRegistry(name: string): Promise<string> {
  const args = ['inspect', '--tls-verify=false', '--creds', `puller:${pullToken}`]
  return (
    await run('skopeo', [...args, '--format', '{{.Digest}}', `docker://${name}`])
  ).stdout.trim()
}

/** A daemon that changes nothing of the computer's network and has all it keeps in `work`. */
async function startDocker(root: string) {
  const home = path.join(work, 'dockerd')
  await mkdir(home)
  const socket = `unix://${home}/docker.sock`
  const own = [
    '--data-root',
    `${home}/data`,
    '--exec-root',
    `${home}/exec`,
    '--pidfile',
    `${home}/pid`,
  ]
  const network = ['--bridge', 'none', '--iptables=false', '--ip-forward=false', '--ip-masq=false']
  const daemon = spawn(
    path.join(root, 'usr/sbin/dockerd'),
    [...own, ...network, '--host', socket, '--storage-driver', 'vfs'],
    { stdio: 'ignore' },
  )
  const config = path.join(home, 'config')
  const docker = (...args: string[]) =>
    run(path.join(root, 'usr/bin/docker'), ['--config', config, '--host', socket, ...args], {
      timeout,
    })
  for (let tries = 0; ; tries++) {
    try {
      await docker('version')
      break
    } catch (error) {
      if (tries >= 100 || daemon.exitCode !== null) throw error
      await sleep(100)
    }
  }
  const stop = async () => {
    daemon.kill()
    await once(daemon, 'exit')
  }
  return { docker, stop, config }
}

test('docker logs in, pushes, pulls by tag and digest, and logs out', { timeout }, async (t) => {
  const unpacked = await unpackPackage('docker.io', work)
  if ('missing' in unpacked) return t.skip(unpacked.missing)
  const { docker, stop } = await startDocker(unpacked.root)
  t.after(stop)
  await assert.rejects(docker('pull', `${image}:none`), /unauthorized|no basic auth|denied/)
  await assert.rejects(
    docker('login', '--username', 'admin', '--password', 'wrong', registry.host),
    /unauthorized|denied/i,
  )
  await docker('login', '--username', 'admin', '--password', adminToken, registry.host)
  await docker('import', await archive(), `${image}:docker`)
  const pushed = await docker('push', `${image}:docker`)
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(pushed.stdout)?.[1]
  assert.equal(digest, await digestInRegistry(`${image}:docker`))
  await docker('image', 'rm', `${image}:docker`)
  const pulled = await docker('pull', `${image}@${digest}`)
  assert.match(pulled.stdout, new RegExp(`Digest: ${digest}`))
  await assert.rejects(docker('pull', `${image}:none`), /manifest unknown|not found/)
  await docker('logout', registry.host)
  await assert.rejects(docker('pull', `${image}:docker`), /unauthorized|no basic auth|denied/)
})

test('podman pushes, and pulls by digest', { timeout }, async (t) => {
  const unpacked = await unpackPackage('podman', work)
  if ('missing' in unpacked) return t.skip(unpacked.missing)
  // It asks for it at every start, whatever it is to do.
  const conmon = await unpackPackage('conmon', work)
  if ('missing' in conmon) return t.skip(conmon.missing)
  const auth = path.join(work, 'podman-auth.json')
  const basic = Buffer.from(`admin:${adminToken}`).toString('base64')
  await writeFile(auth, JSON.stringify({ auths: { [registry.host]: { auth: basic } } }))
  const storage = ['--root', `${work}/podman-data`, '--runroot', `${work}/podman-run`]
  const monitor = ['--conmon', `${conmon.root}/usr/bin/conmon`]
  const podman = (...args: string[]) =>
    run(
      path.join(unpacked.root, 'usr/bin/podman'),
      [...storage, ...monitor, '--storage-driver', 'vfs', ...args],
      {
        timeout,
      },
    )
  const flags = ['--tls-verify=false', '--authfile', auth]
  await podman('import', await archive(), `${image}:podman`)
  const digestFile = path.join(work, 'podman-digest')
  await podman('push', ...flags, '--digestfile', digestFile, `${image}:podman`)
  const digest = (await run('cat', [digestFile])).stdout.trim()
  assert.equal(digest, await digestInRegistry(`${image}:podman`))
  await podman('rmi', `${image}:podman`)
  await podman('pull', ...flags, `${image}@${digest}`)
  const format = ['image', 'inspect', '--format', '{{.Digest}}', `${image}@${digest}`]
  assert.equal((await podman(...format)).stdout.trim(), digest)
})
