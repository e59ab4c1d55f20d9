import { isIPv4 } from 'node:net'
import type { Endpoint, EndpointSlice } from '#kinds/k8s/discovery.ts'
import { type ForwardBackend, backendKey } from './backend-pool.ts'

const isReady = ({ conditions }: Endpoint) => conditions?.ready !== false
const isServing = ({ conditions }: Endpoint) =>
  conditions?.serving === true && conditions.terminating === true

/**
 * The backends of one port of a service, all of them: those that are ready take connections;
 * when there is none, those that still serve while they terminate do (KEP-1669).
 */
export function forwardBackends(
  slices: readonly EndpointSlice[],
  portName: string,
  wanted: 'TCP' | 'UDP' = 'TCP',
): ForwardBackend[] {
  const all = slices
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap(({ ports, endpoints }) => {
      const port = ports?.find(
        ({ name = '', protocol = 'TCP' }) => name === portName && protocol === wanted,
      )?.port
      return port === undefined || port < 1 || port > 65_535
        ? []
        : (endpoints ?? []).map((endpoint) => ({ endpoint, port }))
    })
  const takesNew = all.some(({ endpoint }) => isReady(endpoint)) ? isReady : isServing
  const backends = new Map<string, ForwardBackend>()
  for (const { endpoint, port } of all)
    for (const address of endpoint.addresses.filter((text) => isIPv4(text))) {
      const backend = { address, port, takesNew: takesNew(endpoint) }
      const known = backends.get(backendKey(backend))
      if (known?.takesNew !== true) backends.set(backendKey(backend), backend)
    }
  return [...backends.values()]
}
