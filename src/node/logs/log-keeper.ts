// Keeps the logs of a machine's containers within bounds: rotates what has grown, removes what
// belongs to containers that the runtime has forgotten.
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { Periodic } from '#base/periodic.ts'
import { labelNames } from '../container/labels.ts'
import { type MachineDirectories, logPath, podPlaces } from '../container/pod-places.ts'
import type { ListedContainer, Runtime } from '../runtime/runtime.ts'
import { isMissing } from './log-files.ts'
import { rotateLog } from './rotate-log.ts'

export interface LogKeeperOptions {
  runtime: Pick<Runtime, 'listContainers' | 'reopenContainerLog'>
  machine: MachineDirectories
  limits: { periodMs: number; sizeBytesMax: number; filesMax: number }
  clock: Clock
  log: Logger
}

export class LogKeeper {
  readonly #options: LogKeeperOptions
  readonly #loop: Periodic

  constructor(options: LogKeeperOptions) {
    this.#options = options
    const { clock, log } = options
    this.#loop = new Periodic({
      periodMs: options.limits.periodMs,
      clock,
      work: (signal) => this.look(signal),
      // A runtime that is away is told of elsewhere.
      failed: (error) => log.debug('logs were not looked at', { error }),
    })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Looks at all logs once. */
  async look(signal?: AbortSignal): Promise<void> {
    const containers = await this.#options.runtime.listContainers()
    for (const container of containers)
      if (container.state === 'running' && signal?.aborted !== true)
        await this.#rotate(container).catch((error: unknown) => this.#failed(container, error))
    for (const oldest of oldestOfEach(containers))
      await this.#forget(oldest).catch((error: unknown) => this.#failed(oldest, error))
  }

  #failed({ id }: ListedContainer, error: unknown): void {
    this.#options.log.warn('a log could not be kept within bounds', { container: id, error })
  }

  #fileOf({ labels, name, attempt }: ListedContainer): string {
    const metadata = {
      name: labels[labelNames.podName] ?? '',
      namespace: labels[labelNames.podNamespace] ?? '',
      uid: labels[labelNames.podUid] ?? '',
    }
    const { logs } = podPlaces(this.#options.machine, { metadata })
    return path.join(logs, logPath(name, attempt))
  }

  async #rotate(container: ListedContainer): Promise<void> {
    const { clock, limits, runtime } = this.#options
    const { sizeBytesMax, filesMax } = limits
    const file = this.#fileOf(container)
    const size = await stat(file).then(
      (stats) => stats.size,
      (error: unknown) => {
        if (isMissing(error)) return undefined
        throw error
      },
    )
    if (size !== undefined && size <= sizeBytesMax) return
    const reopen = () => runtime.reopenContainerLog(container.id)
    // Without a file, a rotation was cut short before the runtime was told.
    if (size === undefined) await reopen()
    else await rotateLog({ file, filesMax, nowMs: clock.now(), reopen })
  }

  /** Removes the logs of containers that were before the oldest one the runtime still has. */
  async #forget(oldest: ListedContainer): Promise<void> {
    const directory = path.dirname(this.#fileOf(oldest))
    const names = await readdir(directory).catch((error: unknown) => {
      if (isMissing(error)) return []
      throw error
    })
    for (const name of names)
      if (Number.parseInt(name, 10) < oldest.attempt) await rm(path.join(directory, name))
  }
}

function oldestOfEach(containers: readonly ListedContainer[]): ListedContainer[] {
  const oldest = new Map<string, ListedContainer>()
  for (const container of containers) {
    const key = `${container.labels[labelNames.podUid]}/${container.name}`
    const known = oldest.get(key)
    if (known === undefined || container.attempt < known.attempt) oldest.set(key, container)
  }
  return [...oldest.values()]
}
