// A containerd of the test's own: root, state, socket, network and images in one directory.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { pauseImage, writeTestImages } from './test-images.ts'

const run = promisify(execFile)
const START_TIMEOUT_MS = 20_000

export interface TestContainerd {
  directory: string
  runDirectory: string
  socketPath: string
  podCIDR: string
  /** cgroup path of the pods. */
  podsCgroup: string
  kill(): Promise<void>
  restart(): Promise<void>
  /** Ends containerd and all that it runs, and removes every trace. */
  destroy(): Promise<void>
}

const configOf = (directory: string) => `
version = 2
root = "${directory}/containerd"
state = "${directory}/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "${directory}/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory}/cni"
`

/** 10.200.x.0/24 by process id: two runs beside each other do not meet. */
const networkOf = () => `10.200.${process.pid % 250}`

const cniOf = (directory: string, network: string) => ({
  cniVersion: '0.4.0',
  name: 'test',
  plugins: [
    {
      type: 'ptp',
      ipam: {
        type: 'host-local',
        dataDir: `${directory}/cni-state`,
        ranges: [[{ subnet: `${network}.0/24` }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
})

async function until(what: string, test: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += 100) {
    if (await test()) return
    await sleep(100)
  }
  throw new Error(`${what} did not happen within ${START_TIMEOUT_MS} ms`)
}

const ctr = (socketPath: string, ...args: string[]) =>
  run('ctr', ['--address', socketPath, '--namespace', 'k8s.io', ...args])

async function launch(directory: string): Promise<ChildProcess> {
  const log = openSync(`${directory}/containerd.log`, 'a')
  const child = spawn('containerd', ['--config', `${directory}/config.toml`], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  await until('containerd answering', () =>
    ctr(`${directory}/run/containerd.sock`, 'version').then(
      () => true,
      () => false,
    ),
  )
  return child
}

function shimsOf(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(
          `${directory}/run/containerd.sock`,
        )
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
        if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
        throw error
      }
    })
    .map(Number)
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => child.once('exit', resolve))
}

async function removeAll(socketPath: string): Promise<void> {
  const { stdout } = await ctr(socketPath, 'tasks', 'ls', '-q')
  for (const id of stdout.split('\n').filter(Boolean))
    await ctr(socketPath, 'tasks', 'kill', '-s', 'SIGKILL', '-a', id).catch(() => undefined)
  await sleep(300)
  for (const id of stdout.split('\n').filter(Boolean))
    await ctr(socketPath, 'tasks', 'delete', '-f', id).catch(() => undefined)
}

function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((mount) => mount.startsWith(`${directory}/`))
    .toReversed()
}

function cgroupDirectories(cgroup: string): string[] {
  const roots = [
    '/sys/fs/cgroup',
    ...readdirSync('/sys/fs/cgroup').map((n) => `/sys/fs/cgroup/${n}`),
  ]
  return roots.map((root) => path.join(root, cgroup)).filter((d) => existsSync(d))
}

export async function startTestContainerd(): Promise<TestContainerd> {
  const directory = await mkdtemp('/tmp/ccs-node-')
  const network = networkOf()
  const socketPath = `${directory}/run/containerd.sock`
  await mkdir(`${directory}/cni`, { recursive: true })
  await mkdir(`${directory}/run`, { recursive: true })
  await writeFile(`${directory}/config.toml`, configOf(directory))
  await writeFile(`${directory}/cni/10-test.conflist`, JSON.stringify(cniOf(directory, network)))
  let child = await launch(directory)
  for (const file of await writeTestImages(directory))
    await ctr(socketPath, 'images', 'import', file)
  const podsCgroup = `/${path.basename(directory)}/pods`
  const kill = async () => {
    child.kill('SIGKILL')
    await exited(child)
  }
  return {
    directory,
    runDirectory: `${directory}/run`,
    socketPath,
    podCIDR: `${network}.0/24`,
    podsCgroup,
    kill,
    async restart() {
      await kill()
      child = await launch(directory)
    },
    async destroy() {
      await removeAll(socketPath).catch((error: unknown) => console.error(error))
      await kill()
      for (const pid of shimsOf(directory)) process.kill(pid, 'SIGKILL')
      await sleep(200)
      for (const mount of mountsBelow(directory)) await run('umount', ['-l', mount])
      for (const cgroup of cgroupDirectories(path.dirname(podsCgroup)))
        await run('find', [cgroup, '-depth', '-type', 'd', '-delete'])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
