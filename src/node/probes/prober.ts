// Asks a container whether it is well: HTTP, TCP and gRPC from this computer to the pod's address,
// commands through the runtime.
import type { Container, Probe } from '#kinds/k8s/core.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { execProbe } from './exec-probe.ts'
import { grpcProbe } from './grpc-probe.ts'
import { httpProbe } from './http-probe.ts'
import { portNumber } from './port-number.ts'
import { tcpProbe } from './tcp-probe.ts'

export interface ProbeTarget {
  probe: Probe
  container: Container
  containerId: string
  /** The pod's address. */
  address: string
}

export interface ProbeResult {
  ok: boolean
  /** What to tell the user, in Kubernetes' words. */
  output: string
  /** Well, but the user is told of it all the same. */
  warning?: boolean
}

/** Never rejects for what a container does wrong; a rejection means that we could not ask. */
export type Prober = (target: ProbeTarget) => Promise<ProbeResult>

export const probeTimeoutMs = ({ timeoutSeconds }: Probe): number => (timeoutSeconds ?? 1) * 1000

export function networkProber(runtime: Runtime, now: () => number): Prober {
  return async (target) => {
    const { probe, address, container, containerId } = target
    const timeoutMs = probeTimeoutMs(probe)
    if (probe.exec)
      return execProbe(runtime, containerId, { command: probe.exec.command ?? [], timeoutMs })
    if (probe.httpGet) return httpProbe(probe.httpGet, { container, address, timeoutMs })
    if (probe.tcpSocket) {
      const { host, port } = probe.tcpSocket
      return tcpProbe(host || address, portNumber(container, port), timeoutMs)
    }
    if (probe.grpc) {
      const { port, service = '' } = probe.grpc
      return grpcProbe({ host: address, port, service, timeoutMs, now })
    }
    throw new TypeError(`container ${container.name} has a probe without a handler`)
  }
}
