// Pure: which backends of a service take the traffic that comes by at one place.
import { type RouteEndpoint, type ServicePortRoute, usable } from './service-endpoints.ts'

/** Where packets are looked at; nothing is known of it for the computer itself. */
export interface Place {
  node?: string
  zone?: string
}

export interface Choice {
  backends: RouteEndpoint[]
  /** There are backends, but none here and a rule that forbids the others. */
  isBarred: boolean
}

/**
 * Near endpoints by the hints of the slices: those meant for this node, else for this zone. Hints count
 * only when every endpoint has them; half of them would send all traffic to a few.
 */
function near(endpoints: RouteEndpoint[], { node, zone }: Place): RouteEndpoint[] {
  for (const [here, hintsOf] of [
    [node, ({ nodes }: RouteEndpoint) => nodes],
    [zone, ({ zones }: RouteEndpoint) => zones],
  ] as const) {
    if (here === undefined || endpoints.some((endpoint) => hintsOf(endpoint) === undefined))
      continue
    const meant = endpoints.filter((endpoint) => hintsOf(endpoint)!.includes(here))
    if (meant.length > 0) return meant
  }
  return endpoints
}

function localOnly(route: ServicePortRoute, { node }: Place): Choice {
  const here = usable(route.endpoints.filter((endpoint) => endpoint.node === node))
  return { backends: here, isBarred: here.length === 0 && route.backends.length > 0 }
}

/** For traffic from pods and from the machine itself to an address inside the cluster. */
export function insideBackends(route: ServicePortRoute, place: Place): Choice {
  if (route.isLocalInside && place.node !== undefined) return localOnly(route, place)
  return everywhere(route, place)
}

/** For traffic from outside the cluster. */
export function outsideBackends(route: ServicePortRoute, place: Place): Choice {
  if (route.isLocalOutside && place.node !== undefined) return localOnly(route, place)
  return everywhere(route, place)
}

/** For traffic that starts here and is not bound to stay here. */
export function everywhere(route: ServicePortRoute, place: Place): Choice {
  return { backends: near(usable(route.endpoints), place), isBarred: false }
}
