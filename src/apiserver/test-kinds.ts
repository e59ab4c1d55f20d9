// One small object of each kind, for tests that ask the same of all of them.

export interface KindCase {
  /** Of the collection, below the root. */
  path: string
  apiVersion: string
  kind: string
  body: object
  /** What its status is set to, where it has one. */
  status?: object
  /** Metadata of a name that not every name could be. */
  name?: string
}

const core = (plural: string) => `/api/v1/namespaces/default/${plural}`
const cluster = (group: string, plural: string) => `/apis/${group}/v1/${plural}`
const namespaced = (group: string, plural: string) =>
  `/apis/${group}/v1/namespaces/default/${plural}`

const condition = (type: string) => ({
  type,
  status: 'True',
  reason: 'Test',
  message: 'set by a test',
  lastTransitionTime: '2026-01-01T00:00:00Z',
})
const podTemplate = {
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'c', image: 'i:1' }] },
}
const jobTemplate = {
  spec: { template: { ...podTemplate, spec: { ...podTemplate.spec, restartPolicy: 'OnFailure' } } },
}
const matchConstraints = {
  resourceRules: [
    {
      apiGroups: ['apps'],
      apiVersions: ['v1'],
      operations: ['CREATE'],
      resources: ['deployments'],
    },
  ],
}
const webhook = {
  name: 'hook.example.com',
  clientConfig: { url: 'https://hook.example.com/x' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
}
const ADMISSION = 'admissionregistration.k8s.io'
const FLOW = 'flowcontrol.apiserver.k8s.io'

export const KIND_CASES: readonly KindCase[] = [
  {
    path: cluster(FLOW, 'flowschemas'),
    apiVersion: `${FLOW}/v1`,
    kind: 'FlowSchema',
    body: {
      spec: {
        matchingPrecedence: 10_000,
        priorityLevelConfiguration: { name: 'global-default' },
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'example-e2e' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    },
    status: { conditions: [condition('Dangling')] },
  },
  {
    path: cluster(FLOW, 'prioritylevelconfigurations'),
    apiVersion: `${FLOW}/v1`,
    kind: 'PriorityLevelConfiguration',
    body: {
      spec: {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } },
      },
    },
    status: { conditions: [condition('Fine')] },
  },
  {
    path: cluster(ADMISSION, 'validatingadmissionpolicies'),
    apiVersion: `${ADMISSION}/v1`,
    kind: 'ValidatingAdmissionPolicy',
    body: { spec: { matchConstraints, validations: [{ expression: 'object.spec.replicas > 1' }] } },
    status: { conditions: [condition('Fine')] },
  },
  {
    path: cluster(ADMISSION, 'validatingadmissionpolicybindings'),
    apiVersion: `${ADMISSION}/v1`,
    kind: 'ValidatingAdmissionPolicyBinding',
    body: { spec: { policyName: 'p', validationActions: ['Deny'] } },
  },
  {
    path: cluster(ADMISSION, 'mutatingadmissionpolicies'),
    apiVersion: `${ADMISSION}/v1`,
    kind: 'MutatingAdmissionPolicy',
    body: {
      spec: {
        reinvocationPolicy: 'Never',
        matchConstraints,
        mutations: [
          { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } },
        ],
      },
    },
  },
  {
    path: cluster(ADMISSION, 'mutatingadmissionpolicybindings'),
    apiVersion: `${ADMISSION}/v1`,
    kind: 'MutatingAdmissionPolicyBinding',
    body: { spec: { policyName: 'p' } },
  },
  {
    path: cluster(ADMISSION, 'validatingwebhookconfigurations'),
    apiVersion: `${ADMISSION}/v1`,
    kind: 'ValidatingWebhookConfiguration',
    body: { webhooks: [webhook] },
  },
  {
    path: cluster(ADMISSION, 'mutatingwebhookconfigurations'),
    apiVersion: `${ADMISSION}/v1`,
    kind: 'MutatingWebhookConfiguration',
    body: { webhooks: [webhook] },
  },
  {
    path: namespaced('networking.k8s.io', 'ingresses'),
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    body: { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
    status: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } },
  },
  {
    path: cluster('networking.k8s.io', 'ingressclasses'),
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    body: { spec: { controller: 'example.com/controller' } },
  },
  {
    path: namespaced('networking.k8s.io', 'networkpolicies'),
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    body: { spec: { podSelector: {} } },
  },
  {
    path: cluster('networking.k8s.io', 'servicecidrs'),
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    body: { spec: { cidrs: ['10.1.0.0/24'] } },
    status: { conditions: [condition('Ready')] },
  },
  {
    path: cluster('networking.k8s.io', 'ipaddresses'),
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    name: '10.1.0.9',
    body: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 's' } } },
  },
  {
    path: cluster('storage.k8s.io', 'storageclasses'),
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    body: { provisioner: 'example.com/p' },
  },
  {
    path: cluster('storage.k8s.io', 'csidrivers'),
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    body: { spec: {} },
  },
  {
    path: cluster('storage.k8s.io', 'csinodes'),
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    body: { spec: { drivers: [{ name: 'd.example.com', nodeID: 'n', topologyKeys: [] }] } },
  },
  {
    path: namespaced('storage.k8s.io', 'csistoragecapacities'),
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIStorageCapacity',
    body: { storageClassName: 'fast', capacity: '1Gi' },
  },
  {
    path: cluster('storage.k8s.io', 'volumeattachments'),
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    body: {
      spec: { attacher: 'a.example.com', nodeName: 'n', source: { persistentVolumeName: 'pv' } },
    },
    status: { attached: true },
  },
  {
    path: cluster('storage.k8s.io', 'volumeattributesclasses'),
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttributesClass',
    body: { driverName: 'd.example.com', parameters: { a: 'b' } },
  },
  {
    path: '/api/v1/persistentvolumes',
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    body: {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/x' },
      },
    },
    status: { phase: 'Failed', message: 'm', reason: 'r' },
  },
  {
    path: core('persistentvolumeclaims'),
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    body: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    status: { conditions: [condition('Resizing')] },
  },
  {
    path: core('podtemplates'),
    apiVersion: 'v1',
    kind: 'PodTemplate',
    body: { template: podTemplate },
  },
  {
    path: core('resourcequotas'),
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    body: { spec: { hard: { services: '7' } } },
    status: { hard: { services: '7' } },
  },
  {
    path: core('limitranges'),
    apiVersion: 'v1',
    kind: 'LimitRange',
    body: { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } },
  },
  {
    path: core('events'),
    apiVersion: 'v1',
    kind: 'Event',
    body: {
      involvedObject: { namespace: 'default', kind: 'Pod', name: 'p' },
      reason: 'Test',
      message: 'm',
      type: 'Normal',
    },
  },
  {
    path: namespaced('events.k8s.io', 'events'),
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    body: {
      regarding: { namespace: 'default', kind: 'Pod', name: 'p' },
      reason: 'Test',
      note: 'm',
      type: 'Normal',
      action: 'Do',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/c',
      reportingInstance: 'i',
    },
  },
  {
    path: namespaced('coordination.k8s.io', 'leases'),
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    body: { spec: { holderIdentity: 'h', leaseDurationSeconds: 30 } },
  },
  {
    path: namespaced('discovery.k8s.io', 'endpointslices'),
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    body: { addressType: 'IPv4', endpoints: [{ addresses: ['10.1.1.1'] }] },
  },
  {
    path: namespaced('policy', 'poddisruptionbudgets'),
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    body: { spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } } },
    status: { disruptionsAllowed: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
  },
  {
    path: namespaced('batch', 'cronjobs'),
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    body: { spec: { schedule: '*/1 * * * *', jobTemplate } },
    status: { lastScheduleTime: '2026-01-01T00:00:00Z' },
  },
  {
    path: namespaced('batch', 'jobs'),
    apiVersion: 'batch/v1',
    kind: 'Job',
    body: jobTemplate,
    status: { active: 1, startTime: '2026-01-01T00:00:00Z' },
  },
  {
    path: namespaced('apps', 'controllerrevisions'),
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    body: { revision: 1, data: { a: 'b' } },
  },
  {
    path: namespaced('apps', 'statefulsets'),
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    body: {
      spec: { serviceName: 's', selector: { matchLabels: { app: 'x' } }, template: podTemplate },
    },
    status: { replicas: 0 },
  },
  {
    path: namespaced('apps', 'daemonsets'),
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    body: { spec: { selector: { matchLabels: { app: 'x' } }, template: podTemplate } },
    status: {
      conditions: [condition('Fine')],
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    },
  },
  {
    path: '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    body: {
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      },
    },
  },
  {
    path: cluster('node.k8s.io', 'runtimeclasses'),
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    body: { handler: 'h' },
  },
  {
    path: cluster('scheduling.k8s.io', 'priorityclasses'),
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    body: { value: 5 },
  },
  {
    path: cluster('resource.k8s.io', 'deviceclasses'),
    apiVersion: 'resource.k8s.io/v1',
    kind: 'DeviceClass',
    body: { spec: {} },
  },
  {
    path: namespaced('resource.k8s.io', 'resourceclaims'),
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    body: { spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } } },
  },
  {
    path: namespaced('resource.k8s.io', 'resourceclaimtemplates'),
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaimTemplate',
    body: {
      spec: { spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } } },
    },
  },
  {
    path: cluster('resource.k8s.io', 'resourceslices'),
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    body: {
      spec: {
        driver: 'd.example.com',
        nodeName: 'n',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      },
    },
  },
]
