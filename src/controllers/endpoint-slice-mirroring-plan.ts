// The EndpointSlices that show Endpoints which somebody wrote by hand. Pure.
import { isIPv6 } from 'node:net'
import type { EndpointAddress, Endpoints, EndpointSubset } from '#kinds/k8s/core.ts'
import type { Endpoint, EndpointSlice } from '#kinds/k8s/discovery.ts'
import { controllerReference } from '#kinds/meta.ts'
import { endpoints as endpointsKind } from '#kinds/refs.ts'
import { MANAGED_BY, SERVICE_NAME } from './endpoint-slice-plan.ts'
import { TRIGGER_TIME } from './service-endpoints.ts'
import { shortHash } from './short-hash.ts'

export const MIRROR = 'endpointslicemirroring-controller.k8s.io'
/** Addresses of one subset, as in Kubernetes; those beyond are not shown. */
const ADDRESSES_MAX = 1_000
const SUFFIX_LENGTH = 5
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

export function mirroredSlices(endpoints: Endpoints): EndpointSlice[] {
  const found = new Map<string, EndpointSlice>()
  for (const subset of endpoints.subsets ?? [])
    for (const addressType of ['IPv4', 'IPv6'] as const) {
      const shown = endpointsOf(subset, addressType)
      if (shown.length === 0) continue
      const ports = (subset.ports ?? []).map(
        ({ name = '', port, protocol = 'TCP', appProtocol }) => ({
          name,
          port,
          protocol,
          ...(appProtocol === undefined ? {} : { appProtocol }),
        }),
      )
      const name = nameOf(endpoints, `${addressType} ${JSON.stringify(ports)}`)
      const same = found.get(name)
      if (same !== undefined) same.endpoints = [...(same.endpoints ?? []), ...shown]
      else found.set(name, sliceOf(endpoints, { name, addressType, ports, endpoints: shown }))
    }
  return [...found.values()]
}

/** The same ports keep the same slice. */
const nameOf = ({ metadata }: Endpoints, what: string): string =>
  `${metadata.name}-${shortHash(`${metadata.uid}/${what}`).slice(-SUFFIX_LENGTH)}`

function endpointsOf(
  { addresses = [], notReadyAddresses = [] }: EndpointSubset,
  addressType: 'IPv4' | 'IPv6',
): Endpoint[] {
  const all = [
    ...addresses.map((address) => ({ address, ready: true })),
    ...notReadyAddresses.map((address) => ({ address, ready: false })),
  ]
  return all
    .slice(0, ADDRESSES_MAX)
    .filter(({ address }) => isIPv6(address.ip) === (addressType === 'IPv6'))
    .map(({ address, ready }) => endpointOf(address, ready))
}

function endpointOf(
  { ip, hostname, nodeName, targetRef }: EndpointAddress,
  ready: boolean,
): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef === undefined ? {} : { targetRef }),
  }
}

type Content = Pick<EndpointSlice, 'addressType' | 'ports' | 'endpoints'> & { name: string }

function sliceOf(endpoints: Endpoints, { name, ...content }: Content): EndpointSlice {
  const { metadata } = endpoints
  const {
    [LAST_APPLIED]: _applied,
    [TRIGGER_TIME]: _time,
    ...annotations
  } = metadata.annotations ?? {}
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { ...metadata.labels, [SERVICE_NAME]: metadata.name, [MANAGED_BY]: MIRROR },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ownerReferences: [controllerReference(endpoints, endpointsKind)],
    },
    ...content,
  }
}
