// Where a proxied request goes: rules and words of the pod, service and node proxies of Kubernetes.
import { request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { badRequest, notFound } from '#base/errors.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import type { ClusterContext, ProxyOutcome, Target } from '../context.ts'
import type { Target as DialTarget } from '../outgoing/connect-within.ts'
import { isReachableAddress } from '../outgoing/reachable-address.ts'
import {
  backendsOf,
  findService,
  noEndpoints,
  pickOf,
  portNameOf,
} from '../outgoing/service-backend.ts'
import { keyFor, resourceName } from '../resources.ts'
import { dialWithin } from '../subresources/dial-within.ts'
import type { Subject } from './proxied-path.ts'

type Way = Pick<ProxyOutcome, 'open' | 'connect' | 'host'>

const KUBELET_PORT = '10250'

export function findBackend(context: ClusterContext, target: Target, subject: Subject): Way {
  switch (target.resource.plural) {
    case 'pods':
      return ofPod(context, target, subject)
    case 'services':
      return ofService(context, target, subject)
    default:
      return ofNode(context, target, subject)
  }
}

function found<T>(context: ClusterContext, { resource, namespace }: Target, name: string): T {
  const stored = context.objects.get(keyFor(resource, namespace, name))
  if (stored === undefined) throw notFound(resourceName(resource), name)
  return stored.object as unknown as T
}

function ofPod(context: ClusterContext, target: Target, subject: Subject): Way {
  const pod = found<Pod>(context, target, subject.name)
  const { podIP } = pod.status ?? {}
  const first = pod.spec.containers.find(({ ports }) => ports?.length)?.ports?.[0]?.containerPort
  const port = subject.port === '' ? (first ?? 80) : portNumber(subject.port)
  return over(context, { host: addressOf(podIP), port, scheme: subject.scheme })
}

function ofService(context: ClusterContext, target: Target, subject: Subject): Way {
  const { objects, random } = context
  const { name } = subject
  const place = { namespace: target.namespace!, name }
  const service = findService(objects, place)
  const { port } = subject
  const portName = /^\d+$/.test(port) ? portNameOf(service, Number(port)) : port
  const chosen = pickOf(backendsOf(objects, place, portName), random)
  if (chosen === undefined) throw noEndpoints(name)
  return over(context, { host: chosen.address, port: chosen.port, scheme: subject.scheme })
}

function ofNode(context: ClusterContext, target: Target, subject: Subject): Way {
  const { name, port, scheme } = subject
  const node = found<Node>(context, target, name)
  if (port === '' || port === KUBELET_PORT) return toKubelet(context, name)
  const address = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  return over(context, { host: addressOf(address), port: portNumber(port), scheme })
}

function toKubelet(context: ClusterContext, node: string): Way {
  const connect = (): Promise<Duplex> => dialWithin(context, node)
  return {
    host: node,
    connect,
    open: (request) =>
      httpRequest({
        ...request,
        createConnection: (_options, created) => {
          connect().then(
            (connection) => created(null, connection),
            (error: Error) => created(error, undefined as never),
          )
          return undefined
        },
      }),
  }
}

interface Place {
  host: string
  port: number
  scheme: Subject['scheme']
}

/** Like Kubernetes, the proxies believe whoever answers: certificates of pods name no pod. */
function over({ outgoing }: ClusterContext, { host, port, scheme }: Place): Way {
  const to: DialTarget = {
    address: { host, port, inCluster: true },
    ...(scheme === 'https' ? { tls: { serverName: host, verify: false } } : {}),
  }
  return {
    host: `${host}:${port}`,
    open: (request) => outgoing.open(to, request),
    connect: () => outgoing.connect(to),
  }
}

function addressOf(address: string | undefined): string {
  if (address === undefined || !isReachableAddress(address)) throw badRequest('address not allowed')
  return address
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw badRequest(`invalid port ${JSON.stringify(text)}`)
  return port
}
