// Which ports an instance gets. What was asked for, now or at an earlier start, is kept or refused; a default that is
// taken gives way to the next free port, so that a second instance needs no flags.
import { defaultPorts, type Ports } from '#base/ports.ts'
import type { LoopbackProtocol } from '#base/loopback-port.ts'
import type { PortOwner } from '#linux/port-owner.ts'
import { fail, type Finding } from './checks/check.ts'

export type PortName = keyof Ports

export const PORT_FLAGS: Readonly<Record<PortName, string>> = {
  api: '--api-port',
  registry: '--registry-port',
  dns: '--dns-port',
}

export const PORT_PROTOCOLS: Readonly<Record<PortName, readonly LoopbackProtocol[]>> = {
  api: ['tcp'],
  registry: ['tcp'],
  dns: ['tcp', 'udp'],
}

export interface PortWishes {
  /** By flags of this command. */
  asked: Partial<Ports>
  /** What the instance has had until now. */
  stored: Ports | undefined
  /** Ports that our own running processes hold. */
  running: ReadonlySet<PortName>
}

/** What is so on this computer. */
export interface PortReadings {
  isFree(port: number, protocols: readonly LoopbackProtocol[]): Promise<boolean>
  /** The process that listens on a port that is not free. */
  ownerOf(port: number): PortOwner | undefined
  /** The data directory of another instance that has the port, also while that is down. */
  takenBy(port: number): string | undefined
}

export interface ChosenPorts {
  ports: Ports
  /** Defaults that gave way, for people: which, to whom, and what is used instead. */
  moved: string[]
  problems: Finding[]
}

/** How many ports after a default are tried. */
const ALTERNATIVES_MAX = 100

const NAMES = Object.keys(defaultPorts) as PortName[]

/** Two flags with the same port, as a message; undefined when all differ. */
export function equalPorts(asked: Partial<Ports>): string | undefined {
  for (const [i, name] of NAMES.entries()) {
    const other = NAMES.slice(0, i).find((earlier) => asked[earlier] === asked[name])
    if (other !== undefined && asked[name] !== undefined)
      return `${PORT_FLAGS[other]} and ${PORT_FLAGS[name]} are both ${asked[name]}; choose another for one`
  }
  return undefined
}

/** Who holds a port, for people; undefined when it can be had. */
async function holderOf(
  name: PortName,
  port: number,
  readings: PortReadings,
): Promise<string | undefined> {
  if (!(await readings.isFree(port, PORT_PROTOCOLS[name]))) {
    const owner = readings.ownerOf(port)
    return owner === undefined ? 'another process' : `${owner.name} (pid ${owner.pid})`
  }
  const instance = readings.takenBy(port)
  return instance === undefined ? undefined : `the instance of ccs in ${instance}`
}

export async function choosePorts(
  { asked, stored, running }: PortWishes,
  readings: PortReadings,
): Promise<ChosenPorts> {
  const fixed: Partial<Ports> = { ...stored, ...asked }
  const ports: Ports = { ...defaultPorts, ...fixed }
  const moved: string[] = []
  const problems: Finding[] = []
  for (const name of NAMES) {
    const holder = running.has(name) ? undefined : await holderOf(name, ports[name], readings)
    const isUsedTwice = NAMES.some((other) => other !== name && ports[other] === ports[name])
    if (fixed[name] !== undefined) {
      if (holder !== undefined)
        problems.push(
          fail(
            `port ${ports[name]} is taken by ${holder}`,
            `stop it, or choose another port with ${PORT_FLAGS[name]}`,
          ),
        )
      continue
    }
    if (holder === undefined && !isUsedTwice) continue
    const why = `port ${ports[name]} is taken by ${holder ?? 'another part of this instance'}`
    const other = await alternative(name, ports, readings)
    if (other === undefined)
      problems.push(
        fail(
          `${why}, and so are the ${ALTERNATIVES_MAX} after it`,
          `choose a port with ${PORT_FLAGS[name]}`,
        ),
      )
    else {
      moved.push(`${why}; ${name} uses ${other} instead (${PORT_FLAGS[name]} chooses)`)
      ports[name] = other
    }
  }
  return { ports, moved, problems }
}

async function alternative(
  name: PortName,
  ports: Ports,
  readings: PortReadings,
): Promise<number | undefined> {
  const used = new Set(Object.values(ports))
  for (let step = 1; step <= ALTERNATIVES_MAX; step++) {
    const port = defaultPorts[name] + step
    if (!used.has(port) && (await holderOf(name, port, readings)) === undefined) return port
  }
  return undefined
}
