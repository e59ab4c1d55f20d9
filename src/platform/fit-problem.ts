// Pure: whether a service asks for an instance that no machine of its cluster could ever hold.
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import type { Node } from '#kinds/k8s/core.ts'
import { amountsOf } from '#kinds/resource-amounts.ts'
import type { Problem } from './problem.ts'

/** What is asked for with a limit alone is requested too (Kubernetes' own default). */
const requestsOf = ({ spec }: ContainerService) => ({
  ...spec.resources?.limits,
  ...spec.resources?.requests,
})

/** Undefined while no machine is known: they may be still to come. */
export function fitProblem(service: ContainerService, nodes: readonly Node[]): Problem | undefined {
  const requests = requestsOf(service)
  const wanted = Object.entries(amountsOf(requests))
  if (nodes.length === 0 || wanted.length === 0) return undefined
  const rooms = nodes.map(({ status }) => amountsOf(status?.allocatable))
  if (rooms.some((room) => wanted.every(([name, amount]) => amount <= (room[name] ?? 0))))
    return undefined
  const lacking = wanted
    .filter(([name, amount]) => rooms.every((room) => amount > (room[name] ?? 0)))
    .map(([name]) => name)
  const named = lacking.length > 0 ? lacking : wanted.map(([name]) => name)
  const asked = named.map((name) => `${String(requests[name])} of ${name}`).join(' and ')
  const largest = named
    .map((name) => `${largestOf(name, nodes)} of ${name}`)
    .join(lacking.length > 0 ? ' and ' : ' or ')
  return {
    reason: 'NoMachineLargeEnough',
    message:
      `an instance asks for ${asked}, and no machine of cluster "${service.spec.cluster}" is that large: ` +
      `the largest has ${largest} for pods. Ask for less, or add a larger machine`,
  }
}

function largestOf(name: string, nodes: readonly Node[]): string {
  const amounts = nodes
    .flatMap(({ status }) =>
      status?.allocatable?.[name] === undefined ? [] : [status.allocatable[name]],
    )
    .toSorted((a, b) => amountsOf({ [name]: b })[name]! - amountsOf({ [name]: a })[name]!)
  return String(amounts[0] ?? 'none')
}
