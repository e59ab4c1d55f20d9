// Objects every local cluster has from the start: its API and its DNS as services, whose backend is
// the gateway address.
import { isReason } from '#base/errors.ts'
import { gatewayPorts } from '#base/ports.ts'
import type { Client } from '#client/types.ts'
import type { Endpoints, Service } from '#kinds/k8s/core.ts'
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { endpoints, endpointSlices, services } from '#kinds/refs.ts'

interface GatewayService {
  namespace: string
  name: string
  clusterIP: string
  labels: Record<string, string>
  ports: { name: string; port: number; targetPort: number; protocol: 'TCP' | 'UDP' }[]
}

/** The address `offset` after the first of a service CIDR. */
export function serviceAddress(serviceCIDR: string, offset: number): string {
  const [address = ''] = serviceCIDR.split('/')
  const octets = address.split('.').map(Number)
  return [...octets.slice(0, 3), octets[3]! + offset].join('.')
}

export const apiServiceAddress = (serviceCIDR: string) => serviceAddress(serviceCIDR, 1)
export const dnsServiceAddress = (serviceCIDR: string) => serviceAddress(serviceCIDR, 10)

function gatewayServices(serviceCIDR: string): GatewayService[] {
  const dns = (protocol: 'TCP' | 'UDP', name: string) => ({
    name,
    port: 53,
    targetPort: gatewayPorts.dns,
    protocol,
  })
  return [
    {
      namespace: 'default',
      name: 'kubernetes',
      clusterIP: apiServiceAddress(serviceCIDR),
      labels: { component: 'apiserver', provider: 'kubernetes' },
      ports: [{ name: 'https', port: 443, targetPort: gatewayPorts.api, protocol: 'TCP' }],
    },
    {
      namespace: 'kube-system',
      name: 'kube-dns',
      clusterIP: dnsServiceAddress(serviceCIDR),
      labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' },
      ports: [dns('UDP', 'dns'), dns('TCP', 'dns-tcp')],
    },
  ]
}

function objectsOf(wanted: GatewayService, gateway: string) {
  const { namespace, name, labels, ports } = wanted
  const backendPorts = ports.map(({ name: portName, targetPort: port, protocol }) => ({
    name: portName,
    port,
    protocol,
  }))
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: { type: 'ClusterIP', clusterIP: wanted.clusterIP, ports },
  }
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [gateway], conditions: { ready: true } }],
    ports: backendPorts,
  }
  const legacy: Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: [{ ip: gateway }], ports: backendPorts }],
  }
  return { service, slice, legacy }
}

/** Creates, or replaces what differs by `isSame`. */
async function ensure<T extends KubeObject>(
  client: Client,
  kind: KindRef<T>,
  wanted: T,
  isSame: (live: T) => boolean,
): Promise<void> {
  const resource = client.resource(kind)
  try {
    const live = await resource.get(wanted.metadata)
    if (!isSame(live))
      await resource.update({
        ...wanted,
        metadata: { ...wanted.metadata, resourceVersion: live.metadata.resourceVersion },
      })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    await resource.create(wanted)
  }
}

/** Makes them be there and lead to `gateway`, whatever was there before. */
export async function ensureClusterObjects(
  client: Client,
  serviceCIDR: string,
  gateway: string,
): Promise<void> {
  for (const wanted of gatewayServices(serviceCIDR)) {
    const { service, slice, legacy } = objectsOf(wanted, gateway)
    await ensure(client, services, service, (live) => live.spec.clusterIP === wanted.clusterIP)
    await ensure(
      client,
      endpointSlices,
      slice,
      (live) => live.endpoints?.[0]?.addresses[0] === gateway,
    )
    await ensure(
      client,
      endpoints,
      legacy,
      (live) => live.subsets?.[0]?.addresses?.[0]?.ip === gateway,
    )
  }
}
