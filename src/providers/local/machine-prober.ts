// Asks machines from outside, four times a second, whether they are there: a cut network or a dead machine
// is noticed in a second and not in a lease.
import { connect } from 'node:net'
import type { Clock, Timer } from '#base/clock.ts'

const INTERVAL_MS = 250
const ANSWER_TIMEOUT_MS = 500
/** One lost packet is no outage. */
const MISSES_MAX = 2
/** The discard port, on which nothing listens. A refusal is an answer of the machine's kernel. */
const PROBE_PORT = 9

export interface ProbedMachine {
  name: string
  address: string
  /** Whether its containerd lives. */
  isRuntimeAlive(): boolean
}

export interface MachineProber {
  watch(machine: ProbedMachine): void
  forget(name: string): void
  /** Whether the machine's network answers and its containerd lives. */
  isAnswering(name: string): boolean
  /** How long a machine that once answered has not answered; 0 for one that does. */
  silentMs(name: string): number
  stop(): void
}

export interface MachineProberOptions {
  clock: Clock
  /** Whether an address answers within the timeout. */
  probe?: (address: string, timeoutMs: number) => Promise<boolean>
  /** Called when a machine stops or starts to answer. */
  onChange: (name: string, isAnswering: boolean) => void
}

/**
 * Connects to a closed port: no service sees it. (containerd's own port would log a failed TLS handshake
 * for each.)
 */
export function probeAddress(address: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: PROBE_PORT })
    const done = (answers: boolean) => {
      socket.destroy()
      resolve(answers)
    }
    // One turn later: when it is we who were busy, the answer is there but was not read yet.
    socket.setTimeout(timeoutMs, () => setImmediate(() => done(false)))
    socket.once('connect', () => done(true))
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'ECONNREFUSED'))
  })
}

interface Watched {
  machine: ProbedMachine
  timer: Timer | undefined
  misses: number
  isAnswering: boolean
  silentSinceMs: number | undefined
  isForgotten: boolean
}

export function createMachineProber(options: MachineProberOptions): MachineProber {
  const { clock, probe = probeAddress, onChange } = options
  const watched = new Map<string, Watched>()

  const ask = async (entry: Watched): Promise<void> => {
    const { machine } = entry
    const isRuntimeAlive = machine.isRuntimeAlive()
    const answers = isRuntimeAlive && (await probe(machine.address, ANSWER_TIMEOUT_MS))
    if (entry.isForgotten) return
    entry.misses = answers ? 0 : entry.misses + 1
    // A dead containerd is a fact; silence may be a lost packet.
    const isAnswering =
      answers || (isRuntimeAlive && entry.isAnswering && entry.misses < MISSES_MAX)
    const changed = isAnswering !== entry.isAnswering
    if (changed) entry.silentSinceMs = isAnswering ? undefined : clock.now()
    entry.isAnswering = isAnswering
    entry.timer = clock.after(INTERVAL_MS, () => void ask(entry))
    if (changed) onChange(machine.name, isAnswering)
  }
  const forget = (name: string) => {
    const entry = watched.get(name)
    if (entry === undefined) return
    entry.isForgotten = true
    entry.timer?.cancel()
    watched.delete(name)
  }

  return {
    watch(machine) {
      const before = watched.get(machine.name)
      if (before?.machine.address === machine.address) {
        before.machine = machine
        return
      }
      forget(machine.name)
      const entry: Watched = {
        machine,
        timer: undefined,
        misses: 0,
        isAnswering: false,
        silentSinceMs: undefined,
        isForgotten: false,
      }
      watched.set(machine.name, entry)
      void ask(entry)
    },
    forget,
    isAnswering: (name) => watched.get(name)?.isAnswering ?? false,
    silentMs(name) {
      const since = watched.get(name)?.silentSinceMs
      return since === undefined ? 0 : clock.now() - since
    },
    stop: () => [...watched.keys()].forEach(forget),
  }
}
