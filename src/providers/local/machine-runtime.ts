// A machine's containerd: found if it runs, started if not, seen to answer, given the pause image.
import { backoffDelayMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { CgroupTree } from '#linux/cgroups.ts'
import { systemCgroup } from '#linux/instance-names.ts'
import { findContainerd } from '#linux/machine-processes.ts'
import { isAlive, type ProcessIdentity } from '#linux/process-identity.ts'
import { run } from '#linux/run.ts'
import { sendSignal } from '#linux/signal-process.ts'
import { startDetached } from '#linux/start-detached.ts'
import { answersOnSocket, servesPods } from './containerd-socket.ts'
import { releaseDeadReservations } from './machine-directory.ts'
import type { MachinePlaces } from './machine-places.ts'
import { PAUSE_IMAGE, pauseImageArchive } from './pause-image.ts'

const READY_TIMEOUT_MS = 30_000
const READY_POLL_MS = 10
const CTR_TIMEOUT_MS = 30_000
/** A containerd that lived this long did start well: the next start comes at once. */
const LIVED_WELL_MS = 10_000
const RESTART_BACKOFF = { firstMs: 250, maxMs: 30_000, jitter: 0.1 }

export interface MachineRuntimeOptions {
  places: MachinePlaces
  tree: CgroupTree
  cgroup: string
  netnsPath: string
  clock: Clock
  random: Random
  log: Logger
  /** Called when containerd ends while this engine is its parent. */
  onExit: () => void
}

export type RuntimeState =
  | { state: 'running'; identity: ProcessIdentity }
  /** It died soon after its last starts; to be tried again then. */
  | { state: 'waiting'; afterMs: number }

export class MachineRuntime {
  readonly #options: MachineRuntimeOptions
  #identity: ProcessIdentity | undefined
  #startedAtMs: number | undefined
  #quickDeaths = 0
  #hasAnswered = false
  #hasPauseImage = false

  constructor(options: MachineRuntimeOptions) {
    this.#options = options
  }

  /** Cheap: one read of /proc. */
  get isAlive(): boolean {
    return this.#identity !== undefined && isAlive(this.#identity)
  }

  /** Adopts a containerd that runs, or starts one; resolves when it answers. */
  async ensureRunning(): Promise<RuntimeState> {
    if (!this.isAlive) {
      const { tree, cgroup, places } = this.#options
      const found = findContainerd(tree, cgroup, places.config)
      if (found === undefined) {
        const waitMs = this.#delayBeforeStart()
        if (waitMs > 0) return { state: 'waiting', afterMs: waitMs }
        await this.#start()
      } else this.#identity = found
      this.#hasAnswered = false
    }
    if (!this.#hasAnswered) await this.#untilReady()
    this.#hasAnswered = true
    await this.#ensurePauseImage()
    return { state: 'running', identity: this.#identity! }
  }

  /** Forgets the process, after it was stopped on purpose. */
  forget(): void {
    this.#identity = undefined
    this.#startedAtMs = undefined
    this.#quickDeaths = 0
  }

  #delayBeforeStart(): number {
    const { clock, random } = this.#options
    if (this.#startedAtMs === undefined) return 0
    const sinceStartMs = clock.now() - this.#startedAtMs
    if (sinceStartMs >= LIVED_WELL_MS) {
      this.#quickDeaths = 0
      return 0
    }
    return backoffDelayMs(RESTART_BACKOFF, this.#quickDeaths, random) - sinceStartMs
  }

  async #start(): Promise<void> {
    const { places, tree, cgroup, netnsPath, clock, log, onExit } = this.#options
    const released = releaseDeadReservations(places)
    if (this.#startedAtMs !== undefined) this.#quickDeaths++
    this.#startedAtMs = clock.now()
    this.#identity = await startDetached({
      argv: ['containerd', '--config', places.config],
      stdoutFile: places.log,
      cgroup: { tree, path: systemCgroup(cgroup) },
      netnsPath,
      onExit: (why) => {
        log.info('containerd ended', { cgroup, why })
        onExit()
      },
    })
    log.info('containerd started', { cgroup, pid: this.#identity.pid, released })
  }

  async #untilReady(): Promise<void> {
    const { places, clock } = this.#options
    const giveUpAtMs = clock.now() + READY_TIMEOUT_MS
    for (;;) {
      if ((await answersOnSocket(places.socket)) && (await servesPods(places.socket, clock))) return
      if (!this.isAlive) throw new Error(`containerd ended while it started; see ${places.log}`)
      if (clock.now() >= giveUpAtMs) {
        // Hung: its containers live on, and the next try starts another.
        sendSignal(this.#identity!.pid, 'SIGKILL')
        throw new Error(`containerd does not answer on ${places.socket}; see ${places.log}`)
      }
      await clock.sleep(READY_POLL_MS)
    }
  }

  async #ensurePauseImage(): Promise<void> {
    if (this.#hasPauseImage) return
    const { socket } = this.#options.places
    const images = (...rest: string[]) => ['ctr', '-a', socket, '-n', 'k8s.io', 'images', ...rest]
    const listed = await run(images('list', '-q', `name==${PAUSE_IMAGE}`), {
      timeoutMs: CTR_TIMEOUT_MS,
    })
    if (!listed.split('\n').includes(PAUSE_IMAGE))
      await run(images('import', '-'), {
        input: await pauseImageArchive(),
        timeoutMs: CTR_TIMEOUT_MS,
      })
    this.#hasPauseImage = true
  }
}
