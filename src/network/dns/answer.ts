// Pure: the answer to a DNS question, from what edge knows. Rules of cluster names: the Kubernetes
// DNS specification 1.1.0 (github.com/kubernetes/dns, docs/specification.md).
import { isIPv4 } from 'node:net'
import type { EdgeCluster, EdgeState, NamedPort, NamedService } from '../edge-state.ts'

export const CLUSTER_DOMAIN = 'cluster.local'
export const INSTANCE_DOMAIN = 'ccs.internal'
export const REGISTRY_NAME = `registry.${INSTANCE_DOMAIN}`

/** Short, because an address behind a name may change with every rollout. */
const TTL_SECONDS = 5

export type DnsRecord =
  | { type: 'A'; name: string; ttl: number; data: string }
  /** Only from other resolvers: we are IPv4. */
  | { type: 'AAAA'; name: string; ttl: number; data: string }
  | { type: 'CNAME'; name: string; ttl: number; data: string }
  | { type: 'PTR'; name: string; ttl: number; data: string }
  | {
      type: 'SRV'
      name: string
      ttl: number
      data: { priority: number; weight: number; port: number; target: string }
    }

export type DnsReply =
  /** The name exists; no records when it has none of the type asked for. */
  | { kind: 'answer'; records: DnsRecord[]; additionals?: DnsRecord[] }
  | { kind: 'no-such-name'; zone: string }
  /** Not ours: the resolvers of the host know. */
  | { kind: 'forward' }

export interface DnsQuestion {
  name: string
  type: string
}

/** Who asks: pods of one cluster by its gateway, or programs of the host. */
export type Asker = { cluster: string } | 'host'

const answer = (records: DnsRecord[]): DnsReply => ({ kind: 'answer', records })

function addressRecords(name: string, type: string, addresses: readonly string[]): DnsReply {
  if (type !== 'A' && type !== 'ANY') return answer([])
  return answer(addresses.map((data) => ({ type: 'A' as const, name, ttl: TTL_SECONDS, data })))
}

const serviceName = (service: NamedService) =>
  `${service.name}.${service.namespace}.svc.${CLUSTER_DOMAIN}`

function srvRecords(question: DnsQuestion, service: NamedService, labels: string[]): DnsReply {
  const [port, protocol] = labels as [string, string]
  const found = service.ports.find(
    (p) => `_${p.name}` === port && `_${p.protocol.toLowerCase()}` === protocol,
  )
  if (found === undefined) return { kind: 'no-such-name', zone: CLUSTER_DOMAIN }
  if (question.type !== 'SRV' && question.type !== 'ANY') return answer([])
  const targets = srvTargets(service, found)
  return {
    kind: 'answer',
    records: targets.map(({ target, port: number }) => ({
      type: 'SRV',
      name: question.name,
      ttl: TTL_SECONDS,
      data: { priority: 0, weight: Math.floor(100 / targets.length) || 1, port: number, target },
    })),
    additionals: targets.flatMap(({ target, addresses }) =>
      addresses.map((data) => ({ type: 'A' as const, name: target, ttl: TTL_SECONDS, data })),
    ),
  }
}

/** A service with an address is one target; of a headless one each pod is, at its own port. */
function srvTargets(service: NamedService, { name, protocol, port }: NamedPort) {
  if (service.hostPorts === undefined)
    return [{ target: serviceName(service), port, addresses: service.addresses }]
  return service.hostPorts
    .filter((own) => own.name === name && own.protocol === protocol)
    .map((own) => ({
      target: `${own.host}.${serviceName(service)}`,
      port: own.port,
      addresses: service.hosts[own.host] ?? [],
    }))
}

/** Names below svc.cluster.local: SERVICE.NAMESPACE, HOST.SERVICE.NAMESPACE, _PORT._PROTOCOL.SERVICE.NAMESPACE. */
function answerService(question: DnsQuestion, cluster: EdgeCluster, labels: string[]): DnsReply {
  const none: DnsReply = { kind: 'no-such-name', zone: CLUSTER_DOMAIN }
  // A namespace or the zone itself: exists, has no records.
  if (labels.length < 2)
    return labels.length === 0 || cluster.services.some((s) => s.namespace === labels[0])
      ? answer([])
      : none
  const [name, namespace] = labels.slice(-2) as [string, string]
  const service = cluster.services.find((s) => s.name === name && s.namespace === namespace)
  if (service === undefined) return none
  const before = labels.slice(0, -2)
  if (before.length === 2) return srvRecords(question, service, before)
  if (before.length === 1) {
    const addresses = service.hosts[before[0]!]
    return addresses === undefined ? none : addressRecords(question.name, question.type, addresses)
  }
  if (before.length > 2) return none
  if (service.externalName !== undefined)
    return answer([
      { type: 'CNAME', name: question.name, ttl: TTL_SECONDS, data: service.externalName },
    ])
  return addressRecords(question.name, question.type, service.addresses)
}

/** Names below ccs.internal: the registry, and SERVICE.PROJECT.CLUSTER of public services. */
function answerInstance(
  question: DnsQuestion,
  state: EdgeState,
  asker: Asker,
  labels: string[],
): DnsReply {
  const none: DnsReply = { kind: 'no-such-name', zone: INSTANCE_DOMAIN }
  if (labels.length === 1 && labels[0] === 'registry') {
    const gateway =
      asker === 'host'
        ? '127.0.0.1'
        : state.clusters.find((c) => c.name === asker.cluster)?.gatewayAddress
    return gateway === undefined ? none : addressRecords(question.name, question.type, [gateway])
  }
  if (labels.length === 0) return answer([])
  const [name, project, clusterName] = labels
  if (labels.length !== 3) return none
  const cluster = state.clusters.find((c) => c.name === clusterName)
  const service = cluster?.services.find((s) => s.name === name && s.namespace === project)
  return service?.balancer === undefined
    ? none
    : addressRecords(question.name, question.type, [service.balancer])
}

function answerReverse(question: DnsQuestion, cluster: EdgeCluster): DnsReply {
  const address = question.name
    .toLowerCase()
    .slice(0, -'.in-addr.arpa'.length)
    .split('.')
    .toReversed()
    .join('.')
  const service = cluster.services.find((s) => s.addresses.includes(address))
  if (service === undefined) return { kind: 'forward' }
  const hosts = Object.keys(service.hosts).filter((h) => service.hosts[h]!.includes(address))
  const names = hosts.map((host) => `${host}.${serviceName(service)}`)
  return answer(
    (names.length > 0 ? names : [serviceName(service)]).map((data) => ({
      type: 'PTR',
      name: question.name,
      ttl: TTL_SECONDS,
      data,
    })),
  )
}

/** Names below pod.cluster.local: an address as a name, "10-0-0-1.NAMESPACE". */
function answerPod(question: DnsQuestion, cluster: EdgeCluster, labels: string[]): DnsReply {
  const none: DnsReply = { kind: 'no-such-name', zone: CLUSTER_DOMAIN }
  if (labels.length === 0) return answer([])
  if (labels.length === 1)
    return cluster.services.some(({ namespace }) => namespace === labels[0]) ? answer([]) : none
  const address = labels[0]!.replaceAll('-', '.')
  if (labels.length > 2 || !isIPv4(address)) return none
  return addressRecords(question.name, question.type, [address])
}

/** Labels of `name` before `domain`, or undefined when it is not below it. */
function labelsBelow(name: string, domain: string): string[] | undefined {
  if (name === domain) return []
  if (!name.endsWith(`.${domain}`)) return undefined
  return name.slice(0, -domain.length - 1).split('.')
}

export function answerQuestion(state: EdgeState, asker: Asker, question: DnsQuestion): DnsReply {
  const name = question.name.toLowerCase()
  const instance = labelsBelow(name, INSTANCE_DOMAIN)
  if (instance) return answerInstance(question, state, asker, instance)
  if (asker === 'host') return { kind: 'forward' }
  const cluster = state.clusters.find((candidate) => candidate.name === asker.cluster)
  if (cluster === undefined) return { kind: 'forward' }
  const below = labelsBelow(name, CLUSTER_DOMAIN)
  if (below !== undefined) {
    if (below.at(-1) === 'svc') return answerService(question, cluster, below.slice(0, -1))
    if (below.at(-1) === 'pod') return answerPod(question, cluster, below.slice(0, -1))
    return below.length === 0 ? answer([]) : { kind: 'no-such-name', zone: CLUSTER_DOMAIN }
  }
  if (name.endsWith('.in-addr.arpa')) return answerReverse(question, cluster)
  return { kind: 'forward' }
}
