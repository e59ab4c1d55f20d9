// A tree of cgroups under one path, the same for v1 (a directory in each hierarchy) and v2 (one).
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import {
  cgroupsDeepestFirst,
  childCgroups,
  hasCgroupFile,
  makeCgroup,
  readCgroupFile,
  removeCgroup,
  writeCgroupFile,
} from './cgroup-files.ts'
import { type CgroupHierarchies, cgroupHierarchies } from './cgroup-hierarchies.ts'
import {
  type CgroupLimits,
  memoryWorkingSet,
  setCpuV1,
  setCpuV2,
  setMemoryV1,
  setMemoryV2,
  setPids,
} from './cgroup-limits.ts'
import { listMounts } from './mounts.ts'
import { sendSignal } from './signal-process.ts'

/** Paths are below the root of each hierarchy and begin with a slash: "/ccs-abc/local/m1/pods". */
export interface CgroupTree {
  readonly version: 1 | 2
  /** The files that a process writes itself into to enter this cgroup. */
  processFiles(cgroup: string): string[]
  /** Makes the cgroup and those above it, ready for limits. */
  create(cgroup: string): void
  /** Parents before children; throws MemoryInUseError for a limit below what is in use. */
  setLimits(cgroup: string, limits: CgroupLimits): void
  memoryWorkingSetBytes(cgroup: string): number
  /** Processes in this cgroup and below. */
  processes(cgroup: string): number[]
  /** Sends SIGKILL to everything in it and below until nothing is left. */
  kill(cgroup: string, clock: Clock): Promise<void>
  /** Removes it and all below; they must be empty of processes. */
  remove(cgroup: string): void
  /** Names of the cgroups directly below, in any hierarchy. */
  children(cgroup: string): string[]
}

/** What v2 hands down to the cgroups below, as far as the kernel has it. */
const V2_CONTROLLERS = ['cpu', 'memory', 'pids', 'cpuset', 'io']
const KILL_ROUNDS_MAX = 200
const KILL_ROUND_MS = 25
const REMOVE_TRIES_MAX = 3

class Tree implements CgroupTree {
  readonly version: 1 | 2
  readonly #hierarchies: CgroupHierarchies['all']

  constructor(hierarchies: CgroupHierarchies) {
    this.version = hierarchies.version
    this.#hierarchies = hierarchies.all
  }

  processFiles(cgroup: string): string[] {
    return this.#hierarchies.map(({ root }) => path.join(root, cgroup, 'cgroup.procs'))
  }

  create(cgroup: string): void {
    for (const { root, controllers } of this.#hierarchies) {
      makeCgroup(path.join(root, cgroup))
      if (controllers.includes('cpuset')) this.#inheritCpuset(root, cgroup)
    }
    if (this.version === 2) this.#enableControllers(cgroup)
  }

  setLimits(cgroup: string, { cpuMillis, memoryBytes, pidsMax }: CgroupLimits): void {
    const isV1 = this.version === 1
    if (cpuMillis !== undefined)
      (isV1 ? setCpuV1 : setCpuV2)(this.#directory(cgroup, 'cpu'), cpuMillis)
    if (memoryBytes !== undefined)
      (isV1 ? setMemoryV1 : setMemoryV2)(this.#directory(cgroup, 'memory'), memoryBytes)
    if (pidsMax !== undefined) setPids(this.#directory(cgroup, 'pids'), pidsMax)
  }

  memoryWorkingSetBytes(cgroup: string): number {
    return memoryWorkingSet(this.#directory(cgroup, 'memory'))
  }

  processes(cgroup: string): number[] {
    const pids = this.#directories(cgroup)
      .flatMap((directory) => cgroupsDeepestFirst(directory))
      .flatMap((directory) => (readCgroupFile(directory, 'cgroup.procs') ?? '').split('\n'))
      .filter((line) => line !== '' && line !== '0')
    return [...new Set(pids)].map(Number)
  }

  async kill(cgroup: string, clock: Clock): Promise<void> {
    for (let round = 0; round < KILL_ROUNDS_MAX; round++) {
      const pids = this.processes(cgroup)
      if (pids.length === 0) return
      // Frozen, they cannot fork away from us; the signal takes effect when they thaw.
      this.#freeze(cgroup, true)
      for (const pid of new Set([...pids, ...this.processes(cgroup)])) sendSignal(pid, 'SIGKILL')
      this.#freeze(cgroup, false)
      await clock.sleep(KILL_ROUND_MS)
    }
    const left = this.processes(cgroup)
    if (left.length > 0)
      throw new Error(`processes ${left.join(', ')} of cgroup ${cgroup} survive SIGKILL`)
  }

  remove(cgroup: string): void {
    for (const directory of this.#directories(cgroup)) {
      for (let tries = 1; ; tries++) {
        try {
          for (const each of cgroupsDeepestFirst(directory)) removeCgroup(each)
          break
        } catch (error) {
          // A runtime may still tidy up the same tree.
          if (tries === REMOVE_TRIES_MAX) throw error
        }
      }
    }
  }

  children(cgroup: string): string[] {
    return [...new Set(this.#directories(cgroup).flatMap((directory) => childCgroups(directory)))]
  }

  #directories(cgroup: string): string[] {
    return this.#hierarchies.map(({ root }) => path.join(root, cgroup))
  }

  #directory(cgroup: string, controller: string): string {
    if (this.version === 2) return path.join(this.#hierarchies[0]!.root, cgroup)
    const hierarchy = this.#hierarchies.find(({ controllers }) => controllers.includes(controller))
    if (hierarchy === undefined)
      throw new Error(`the kernel offers no '${controller}' cgroup controller`)
    return path.join(hierarchy.root, cgroup)
  }

  /** A v1 cpuset is empty when made, and takes no process while it is. */
  #inheritCpuset(root: string, cgroup: string): void {
    let parent = root
    for (const part of cgroup.split('/').filter(Boolean)) {
      const directory = path.join(parent, part)
      for (const file of ['cpuset.cpus', 'cpuset.mems'])
        if (readCgroupFile(directory, file) === '')
          writeCgroupFile(directory, file, readCgroupFile(parent, file) ?? '')
      parent = directory
    }
  }

  /** v2 enforces a limit only where every cgroup above hands the controller down. */
  #enableControllers(cgroup: string): void {
    const { root } = this.#hierarchies[0]!
    let directory = root
    for (const part of cgroup.split('/').filter(Boolean)) {
      const offered = (readCgroupFile(directory, 'cgroup.controllers') ?? '').split(' ')
      const enabled = (readCgroupFile(directory, 'cgroup.subtree_control') ?? '').split(' ')
      const missing = V2_CONTROLLERS.filter(
        (controller) => offered.includes(controller) && !enabled.includes(controller),
      )
      if (missing.length > 0)
        writeCgroupFile(
          directory,
          'cgroup.subtree_control',
          missing.map((controller) => `+${controller}`).join(' '),
        )
      directory = path.join(directory, part)
    }
  }

  #freeze(cgroup: string, frozen: boolean): void {
    for (const directory of this.#directories(cgroup)) {
      if (hasCgroupFile(directory, 'freezer.state'))
        writeCgroupFile(directory, 'freezer.state', frozen ? 'FROZEN' : 'THAWED')
      if (hasCgroupFile(directory, 'cgroup.freeze'))
        writeCgroupFile(directory, 'cgroup.freeze', frozen ? '1' : '0')
    }
  }
}

export const cgroupTree = (hierarchies: CgroupHierarchies): CgroupTree => new Tree(hierarchies)

/** The cgroups of this computer. */
export const openCgroups = (): CgroupTree => cgroupTree(cgroupHierarchies(listMounts()))
