// The faults that come with time: each minute, some part of the cluster may fail.
import type { FakeClock } from '#base/fake-clock.ts'
import { pods } from '#kinds/refs.ts'
import type { SimApi } from './api/sim-api.ts'
import type { RolloutAvailability } from './checks/rollout-availability.ts'
import { type Fault, type Faults, faultTimes } from './faults.ts'
import type { Outages } from './nodes/outages.ts'
import type { Disturbance } from './nodes/pod-stages.ts'
import type { SimNodes } from './nodes/sim-nodes.ts'
import type { Process } from './processes.ts'

export interface FaultDriverOptions {
  clock: FakeClock
  faults: Faults
  apis: readonly SimApi[]
  processes: readonly Process[]
  outages: Outages
  nodeNames: readonly string[]
  simNodes: () => SimNodes
  /** The API of the cluster that runs pods. */
  member: SimApi
  availability: RolloutAvailability
}

const MINUTE_MS = 60_000

export class FaultDriver {
  readonly #options: FaultDriverOptions

  constructor(options: FaultDriverOptions) {
    this.#options = options
  }

  /** Called once a minute: what strikes comes at some moment of it. */
  strikeMinute(): void {
    const { faults, processes, apis, clock } = this.#options
    for (const process of processes)
      if (faults.strikes('process-crash', process.name)) this.#soon(() => process.crash())
    for (const api of apis) {
      if (faults.strikes('server-crash', api.state.name))
        this.#soon(() => api.crash(faults.timeMs(faultTimes.downMs)))
      if (faults.strikes('disk-full', api.state.name))
        this.#soon(() => api.fillDisk(faults.timeMs(faultTimes.diskFullMs)))
    }
    this.#strikeNodes()
    this.#strikePod('container-crash', 'crash')
    this.#strikePod('probe-failure', 'unready')
    if (faults.strikes('clock-step', 'the wall clock')) {
      const forth = faults.oneOf([true, false])
      const ms = forth
        ? faults.timeMs(faultTimes.stepForthMs)
        : -faults.timeMs(faultTimes.stepBackMs)
      this.#soon(() => clock.step(ms))
    }
  }

  #soon(fn: () => void): void {
    this.#options.clock.after(this.#options.faults.timeMs(MINUTE_MS - 1), fn)
  }

  #strikeNodes(): void {
    const { faults, outages, clock, nodeNames } = this.#options
    for (const node of nodeNames) {
      if (!faults.strikes('node-silent', node)) continue
      this.#soon(() => {
        outages.begin(node, 'silent')
        clock.after(faults.timeMs(faultTimes.silenceMs), () => outages.end(node, 'silent'))
      })
    }
  }

  #strikePod(fault: Fault, how: Disturbance): void {
    const { faults, member, simNodes, availability } = this.#options
    if (!faults.strikes(fault, 'some pod')) return
    this.#soon(() => {
      const pod = faults.oneOf(member.state.list(pods))
      if (pod === undefined) return
      const { namespace, name, labels } = pod.metadata
      availability.disturb(`${namespace}/${labels?.['app'] ?? labels?.['ccs.dev/service']}`)
      simNodes().disturb(`${namespace}/${name}`, how)
    })
  }
}
