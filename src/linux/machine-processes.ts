// The processes of one machine, seen from outside: its cgroup and what containerd keeps below /run.
// Needs no provider, so that `ccs down` and `--purge` work without an engine.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { CgroupTree } from './cgroups.ts'
import { podsCgroup, systemCgroup } from './instance-names.ts'
import { unmountUnder } from './mounts.ts'
import { argvOf, identifyProcess } from './process-identity.ts'
import { sendSignal, terminateProcess, waitUntil } from './signal-process.ts'

/** Where a machine's containerd keeps what must not outlive a reboot. */
export const runtimeFiles = (machineRunDir: string) => ({
  socket: path.join(machineRunDir, 'containerd.sock'),
  state: path.join(machineRunDir, 'state'),
  runc: path.join(machineRunDir, 'runc'),
})

const RUNTIME_GRACE_MS = 5_000
const TASKS = 'io.containerd.runtime.v2.task'

/** Directories of the containers that containerd believes to run. */
function bundlesIn(stateDir: string): string[] {
  const tasks = path.join(stateDir, TASKS)
  if (!existsSync(tasks)) return []
  return readdirSync(tasks).flatMap((namespace) =>
    readdirSync(path.join(tasks, namespace)).map((id) => path.join(tasks, namespace, id)),
  )
}

/** Ids of containers and sandboxes that have not been cleaned up. */
export const bundleIds = (stateDir: string): string[] =>
  bundlesIn(stateDir).map((bundle) => path.basename(bundle))

/** A shim's socket lies outside our directories, and a killed shim leaves it behind. */
function removeShimSockets(stateDir: string): void {
  for (const bundle of bundlesIn(stateDir)) {
    const file = path.join(bundle, 'address')
    if (!existsSync(file)) continue
    const address = readFileSync(file, 'utf8').trim()
    if (address.startsWith('unix:///run/containerd/s/'))
      rmSync(address.slice('unix://'.length), { force: true })
  }
}

/** The pid of the machine's containerd: in its system cgroup, started with its configuration. */
export function findContainerd(tree: CgroupTree, cgroup: string, configFile?: string) {
  for (const pid of tree.processes(systemCgroup(cgroup))) {
    const [command = '', ...args] = argvOf(pid)
    if (path.basename(command) !== 'containerd') continue
    if (configFile !== undefined && !args.includes(configFile)) continue
    const identity = identifyProcess(pid)
    if (identity !== undefined) return identity
  }
  return undefined
}

/** Removes mounts, sockets and state that containerd leaves when it is killed. */
export async function removeRuntimeState(machineRunDir: string): Promise<void> {
  const { socket, state, runc } = runtimeFiles(machineRunDir)
  removeShimSockets(state)
  await unmountUnder(state)
  for (const leftover of [state, runc, socket, `${socket}.ttrpc`])
    rmSync(leftover, { recursive: true, force: true })
}

export interface MachinePlace {
  tree: CgroupTree
  cgroup: string
  /** The machine's directory below /run. */
  runDir: string
  clock: Clock
}

/** Ends containers (politely, for `podsGraceMs`), then containerd and its shims. */
export async function stopMachineProcesses(
  { tree, cgroup, runDir, clock }: MachinePlace,
  { podsGraceMs }: { podsGraceMs: number },
): Promise<void> {
  const pods = podsCgroup(cgroup)
  if (podsGraceMs > 0) {
    for (const pid of tree.processes(pods)) sendSignal(pid, 'SIGTERM')
    await waitUntil(() => tree.processes(pods).length === 0, podsGraceMs, clock)
  }
  const containerd = findContainerd(tree, cgroup)
  if (containerd !== undefined)
    await terminateProcess(containerd, { graceMs: RUNTIME_GRACE_MS, clock })
  await tree.kill(cgroup, clock)
  await removeRuntimeState(runDir)
}
