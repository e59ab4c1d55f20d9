// The ports of an instance that does not run: whether it would get them.
import type { Ports } from '#base/ports.ts'
import { choosePorts, type PortName, type PortReadings } from '../choose-ports.ts'
import { type Check, type Finding, ok, warn } from './check.ts'

export interface PortSubject {
  /** Undefined while there is no instance. */
  stored: Ports | undefined
  running: ReadonlySet<PortName>
  readings: PortReadings
}

export const portCheck: Check<PortSubject> = {
  name: 'ports',
  async look({ stored, running, readings }): Promise<Finding[]> {
    const { ports, moved, problems } = await choosePorts({ asked: {}, stored, running }, readings)
    if (problems.length > 0) return problems
    const list = Object.entries(ports)
      .map(([name, port]) => `${name} ${port}`)
      .join(', ')
    if (moved.length > 0) return moved.map((line) => warn(line, 'nothing need be done'))
    return [ok(running.size > 0 ? `${list}: ours` : `${list}: free`)]
  },
}
