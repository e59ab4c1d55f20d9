// Pure: what a ContainerService becomes in its cluster. Only standard objects of Kubernetes.
import { createHash } from 'node:crypto'
import { type ContainerService, serviceDefaults } from '#kinds/ccs/container-service.ts'
import { restartedAtOf, serviceAnnotations } from '#kinds/ccs/service-annotations.ts'
import type { ServiceRevisionSpec } from '#kinds/ccs/service-revision.ts'
import { portName, protocolOf, targetOf } from '#kinds/ccs/validate-container-service.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Namespace, Service } from '#kinds/k8s/core.ts'
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import type { Metadata } from '#kinds/object.ts'
import { desiredPod } from './desired-pod.ts'
import { annotations, labels, MANAGER } from './names.ts'

/** An instance that nothing checks has to run this long before it counts: some end as soon as they start. */
const UNCHECKED_READY_SECONDS = 2

/** With fewer instances a budget could only forbid a drain altogether. */
const BUDGET_REPLICAS_MIN = 2

export interface DesiredObjects {
  namespace: Namespace
  deployment: Deployment
  /** Undefined when the service has no address. */
  service: Service | undefined
  budget: PodDisruptionBudget | undefined
}

export interface ResolvedImage {
  /** Full name, with digest where it is known. */
  image: string
  /** What it was resolved from, see `imageSourceOf`. */
  source: string
}

export type WantedRevision = Pick<ServiceRevisionSpec, 'revision' | 'cause' | 'changes'>

/** Marks an object as ours, with a hash of all that we want of it. */
function mark<T extends { metadata: Metadata }>(object: T): T {
  const hash = createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16)
  object.metadata.annotations = { ...object.metadata.annotations, [annotations.desired]: hash }
  return object
}

const ownLabels = (name: string) => ({
  [labels.service]: name,
  [labels.name]: name,
  [labels.managedBy]: MANAGER,
})

const metadataOf = ({ metadata: { name, namespace } }: ContainerService): Metadata => ({
  name,
  namespace: namespace!,
  labels: ownLabels(name),
})

const selectorOf = ({ metadata }: ContainerService) => ({ [labels.service]: metadata.name })

function desiredDeployment(
  service: ContainerService,
  resolved: ResolvedImage,
  { revision, cause, changes = [] }: WantedRevision,
): Deployment {
  const restartedAt = restartedAtOf(service)
  const pod = desiredPod(service, resolved.image)
  const isChecked = pod.containers.some(({ readinessProbe }) => readinessProbe !== undefined)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...metadataOf(service),
      annotations: {
        [annotations.imageSource]: resolved.source,
        [annotations.revision]: String(revision),
        // For `kubectl rollout history`.
        [serviceAnnotations.changeCause]: `revision ${revision}: ${cause ?? changes.join(', ')}`,
      },
    },
    spec: {
      replicas: service.spec.replicas ?? serviceDefaults.replicas,
      minReadySeconds: isChecked ? 0 : UNCHECKED_READY_SECONDS,
      selector: { matchLabels: selectorOf(service) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: ownLabels(service.metadata.name),
          annotations: restartedAt === undefined ? {} : { [annotations.restartedAt]: restartedAt },
        },
        spec: pod,
      },
    },
  }
}

function desiredService(service: ContainerService): Service | undefined {
  const { access = serviceDefaults.access, ports = [] } = service.spec
  if (access === 'None' || ports.length === 0) return undefined
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(service),
    spec: {
      type: access === 'Public' ? 'LoadBalancer' : 'ClusterIP',
      // Load balancers reach instances directly; a port on every machine would serve nobody.
      allocateLoadBalancerNodePorts: access === 'Public' ? false : undefined,
      selector: selectorOf(service),
      ports: ports.map((port) => ({
        name: portName(port),
        port: port.port,
        targetPort: targetOf(port),
        protocol: protocolOf(port),
      })),
    },
  }
}

function desiredBudget(service: ContainerService): PodDisruptionBudget | undefined {
  const { replicas = serviceDefaults.replicas, maxUnavailable } = service.spec
  if (replicas < BUDGET_REPLICAS_MIN) return undefined
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(service),
    spec: {
      maxUnavailable: maxUnavailable ?? serviceDefaults.maxUnavailable,
      selector: { matchLabels: selectorOf(service) },
      // An instance that does not serve is nobody's loss, and must not hold up a machine.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  }
}

export function desiredObjects(
  service: ContainerService,
  resolved: ResolvedImage,
  revision: WantedRevision,
): DesiredObjects {
  const project = service.metadata.namespace!
  const kubeService = desiredService(service)
  const budget = desiredBudget(service)
  return {
    namespace: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: project, labels: { [labels.project]: project } },
      spec: {},
    },
    deployment: mark(desiredDeployment(service, resolved, revision)),
    service: kubeService && mark(kubeService),
    budget: budget && mark(budget),
  }
}
