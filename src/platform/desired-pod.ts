// Pure: what an instance of a ContainerService is, as a pod template's spec. Every field that is ours is named,
// also when it shall not be there: `undefined` takes away what was written before.
import type { ContainerService, ContainerServiceSpec } from '#kinds/ccs/container-service.ts'
import { serviceDefaults } from '#kinds/ccs/container-service.ts'
import {
  checkedPort,
  portName,
  protocolOf,
  targetOf,
} from '#kinds/ccs/validate-container-service.ts'
import type {
  Container,
  ContainerPort,
  EnvVar,
  Lifecycle,
  PodSpec,
  Probe,
  TopologySpreadConstraint,
} from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'
import { canonicalQuantity } from '#kinds/quantity.ts'
import { labels } from './names.ts'

/** A service heals faster than Kubernetes' five minutes: an instance has no state to wait for. */
const TOLERATE_DEAD_MACHINE_SECONDS = 2
/** What an instance is given to end after its drain: Kubernetes' own default. */
const STOP_SECONDS = 30
const SPREAD_OVER = ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'] as const

const field = (name: string, fieldPath: string): EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
})

function environment({ env = [] }: ContainerServiceSpec): EnvVar[] {
  const builtIn = [
    field('POD_NAME', 'metadata.name'),
    field('POD_IP', 'status.podIP'),
    field('NODE_NAME', 'spec.nodeName'),
  ].filter((variable) => !env.some((own) => own.name === variable.name))
  return [...builtIn, ...env.map(({ name, value }) => (value ? { name, value } : { name }))]
}

/** A port of the container stands once, however many ports of the load balancer lead to it. */
function containerPorts({ ports = [] }: ContainerServiceSpec): ContainerPort[] {
  const byPlace = new Map<string, ContainerPort>()
  for (const port of ports) {
    const place = `${targetOf(port)}/${protocolOf(port)}`
    if (byPlace.has(place)) continue
    byPlace.set(place, {
      name: portName(port),
      containerPort: targetOf(port),
      protocol: protocolOf(port),
    })
  }
  return [...byPlace.values()]
}

function readinessProbe(spec: ContainerServiceSpec): Probe | undefined {
  const { type, path, initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold } = {
    ...serviceDefaults.readiness,
    path: undefined,
    initialDelaySeconds: undefined,
    ...spec.readiness,
  }
  const port = checkedPort(spec)
  if (type === 'None' || port === undefined) return undefined
  return {
    tcpSocket: type === 'TCP' ? { port } : undefined,
    httpGet: type === 'HTTP' ? { port, path: path ?? '/' } : undefined,
    initialDelaySeconds,
    periodSeconds,
    timeoutSeconds,
    failureThreshold,
  }
}

const amounts = (list: Record<string, Quantity> | undefined) =>
  list &&
  Object.fromEntries(Object.entries(list).map(([name, one]) => [name, canonicalQuantity(one)]))

function drainSecondsOf({ ports = [], drainSeconds }: ContainerServiceSpec): number {
  return ports.length === 0 ? 0 : (drainSeconds ?? serviceDefaults.drainSeconds)
}

/** While proxies and load balancers learn that it goes, an instance still answers. */
function lifecycle(spec: ContainerServiceSpec): Lifecycle | undefined {
  const seconds = drainSecondsOf(spec)
  return seconds === 0 ? undefined : { preStop: { sleep: { seconds } } }
}

function spread({ metadata, spec }: ContainerService): TopologySpreadConstraint[] | undefined {
  const wish = spec.spread ?? serviceDefaults.spread
  if (wish === 'None') return undefined
  return SPREAD_OVER.map((topologyKey) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: wish === 'Required' ? 'DoNotSchedule' : 'ScheduleAnyway',
    labelSelector: { matchLabels: { [labels.service]: metadata.name } },
    // Each revision is spread by itself: the one that goes must not push the new one into a corner.
    matchLabelKeys: ['pod-template-hash'],
  }))
}

function container({ metadata, spec }: ContainerService, image: string): Container {
  const { requests, limits } = spec.resources ?? {}
  return {
    name: metadata.name,
    image,
    command: spec.command,
    args: spec.args,
    env: environment(spec),
    ports: containerPorts(spec),
    resources: { requests: amounts(requests), limits: amounts(limits) },
    readinessProbe: readinessProbe(spec),
    lifecycle: lifecycle(spec),
  }
}

export function desiredPod(service: ContainerService, image: string): PodSpec {
  return {
    containers: [container(service, image)],
    terminationGracePeriodSeconds: drainSecondsOf(service.spec) + STOP_SECONDS,
    tolerations: ['not-ready', 'unreachable'].map((condition) => ({
      key: `node.kubernetes.io/${condition}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: TOLERATE_DEAD_MACHINE_SECONDS,
    })),
    topologySpreadConstraints: spread(service),
  }
}
