// Holds pods to what they may take of the machine's disk: looks from time to time, and lets those go
// that take more.
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { Periodic } from '#base/periodic.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { labelNames } from '../container/labels.ts'
import { type MachineDirectories, podPlaces } from '../container/pod-places.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { diskUse } from './disk-use.ts'
import {
  type StorageUse,
  emptyDirsOnDisk,
  hasContainerLimits,
  hasStorageLimits,
  storageExcess,
} from './storage-use.ts'

export interface StorageKeeperOptions {
  /** The pods that run on the machine. */
  pods: () => readonly Pod[]
  runtime: Pick<Runtime, 'writableLayers'>
  machine: MachineDirectories
  evict: (pod: Pod, message: string) => void
  periodMs: number
  clock: Clock
  log: Logger
}

export class StorageKeeper {
  readonly #options: StorageKeeperOptions
  readonly #loop: Periodic

  constructor(options: StorageKeeperOptions) {
    this.#options = options
    const { clock, log } = options
    this.#loop = new Periodic({
      periodMs: options.periodMs,
      clock,
      work: (signal) => this.look(signal),
      // A runtime that is away is told of elsewhere.
      failed: (error) => log.debug('the disk use of pods was not looked at', { error }),
    })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Looks at all pods once. */
  async look(signal?: AbortSignal): Promise<void> {
    const { pods, evict, log } = this.#options
    for (const pod of pods()) {
      if (!hasStorageLimits(pod) || signal?.aborted === true) continue
      try {
        const excess = storageExcess(pod, await this.#useOf(pod))
        if (excess !== undefined) evict(pod, excess)
      } catch (error) {
        // A runtime that is away is told of elsewhere; the next look may find it.
        log.debug('the disk use of a pod is not known', { pod: pod.metadata.name, error })
      }
    }
  }

  async #useOf(pod: Pod): Promise<StorageUse> {
    const { machine } = this.#options
    const { directory } = podPlaces(machine, pod)
    const volumes = new Map<string, number>()
    for (const { name } of emptyDirsOnDisk(pod))
      volumes.set(name, await diskUse(path.join(directory, 'volumes', name)))
    const containers = hasContainerLimits(pod) ? await this.#containersUse(pod) : new Map()
    return { volumes, containers }
  }

  async #containersUse(pod: Pod): Promise<Map<string, number>> {
    const { machine, runtime } = this.#options
    const { logs } = podPlaces(machine, pod)
    const uses = new Map<string, number>()
    for (const { name } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers])
      uses.set(name, await diskUse(path.join(logs, name)))
    const layers = await runtime.writableLayers({ [labelNames.podUid]: pod.metadata.uid ?? '' })
    for (const { labels, usedBytes } of layers) {
      const name = labels[labelNames.containerName] ?? ''
      uses.set(name, (uses.get(name) ?? 0) + usedBytes)
    }
    return uses
  }
}
