// Pure: what a ContainerService becomes in its cluster.
import { createHash } from 'node:crypto'
import type { ContainerService, ServicePort } from '#kinds/ccs/container-service.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { EnvVar, Namespace, PodSpec, Service } from '#kinds/k8s/core.ts'
import type { Metadata } from '#kinds/object.ts'
import { annotations, labels, MANAGER } from './names.ts'

/** A service heals faster than Kubernetes' five minutes: an instance has no state to wait for. */
const TOLERATE_DEAD_MACHINE_SECONDS = 2
const READINESS_PERIOD_SECONDS = 1

export interface DesiredObjects {
  namespace: Namespace
  deployment: Deployment
  /** Undefined when the service has no address. */
  service: Service | undefined
}

export interface ResolvedImage {
  /** Full name, with digest where it is known. */
  image: string
  /** What it was resolved from, see `imageSourceOf`. */
  source: string
}

/** Changes when the image has to be looked up again: another name, or the user's wish. */
export function imageSourceOf(service: ContainerService): string {
  const asked = service.metadata.annotations?.[annotations.imageRequestedAt]
  return asked === undefined ? service.spec.image : `${service.spec.image} ${asked}`
}

const portName = (port: ServicePort) =>
  port.name ?? `${(port.protocol ?? 'TCP').toLowerCase()}-${port.port}`

const targetOf = (port: ServicePort) => port.targetPort ?? port.port

function podSpec(service: ContainerService, image: string): PodSpec {
  const { spec } = service
  const ports = spec.ports ?? []
  const field = (name: string, fieldPath: string): EnvVar => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  })
  const given = spec.env ?? []
  const builtIn = [
    field('POD_NAME', 'metadata.name'),
    field('POD_IP', 'status.podIP'),
    field('NODE_NAME', 'spec.nodeName'),
  ].filter((variable) => !given.some((own) => own.name === variable.name))
  const checked = ports.find((port) => (port.protocol ?? 'TCP') === 'TCP')
  return {
    containers: [
      {
        name: service.metadata.name,
        image,
        ...(spec.command ? { command: spec.command } : {}),
        ...(spec.args ? { args: spec.args } : {}),
        env: [...builtIn, ...given],
        ports: ports.map((port) => ({
          name: portName(port),
          containerPort: targetOf(port),
          protocol: port.protocol ?? 'TCP',
        })),
        resources: spec.resources ?? {},
        ...(checked
          ? {
              readinessProbe: {
                tcpSocket: { port: targetOf(checked) },
                periodSeconds: READINESS_PERIOD_SECONDS,
              },
            }
          : {}),
      },
    ],
    tolerations: ['not-ready', 'unreachable'].map((condition) => ({
      key: `node.kubernetes.io/${condition}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: TOLERATE_DEAD_MACHINE_SECONDS,
    })),
    topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
      (topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { [labels.service]: service.metadata.name } },
      }),
    ),
  }
}

/** Marks an object as ours, with a hash of all that we want of it. */
function mark<T extends { metadata: Metadata }>(object: T): T {
  const hash = createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16)
  object.metadata.annotations = { ...object.metadata.annotations, [annotations.desired]: hash }
  return object
}

export function desiredObjects(service: ContainerService, resolved: ResolvedImage): DesiredObjects {
  const { name } = service.metadata
  const project = service.metadata.namespace!
  const ownLabels = {
    [labels.service]: name,
    [labels.name]: name,
    [labels.managedBy]: MANAGER,
  }
  const metadata = (): Metadata => ({ name, namespace: project, labels: { ...ownLabels } })
  const selector = { [labels.service]: name }
  const ports = service.spec.ports ?? []
  const access = service.spec.access ?? 'Public'
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata(), annotations: { [annotations.imageSource]: resolved.source } },
    spec: {
      replicas: service.spec.replicas ?? 1,
      selector: { matchLabels: selector },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      template: { metadata: { labels: { ...ownLabels } }, spec: podSpec(service, resolved.image) },
    },
  }
  const kubeService: Service | undefined =
    access === 'None' || ports.length === 0
      ? undefined
      : {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: metadata(),
          spec: {
            type: access === 'Public' ? 'LoadBalancer' : 'ClusterIP',
            // Load balancers reach instances directly; a port on every machine would serve nobody.
            ...(access === 'Public' ? { allocateLoadBalancerNodePorts: false } : {}),
            selector,
            ports: ports.map((port) => ({
              name: portName(port),
              port: port.port,
              targetPort: targetOf(port),
              protocol: port.protocol ?? 'TCP',
            })),
          },
        }
  return {
    namespace: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: project, labels: { [labels.project]: project } },
      spec: {},
    },
    deployment: mark(deployment),
    service: kubeService && mark(kubeService),
  }
}
