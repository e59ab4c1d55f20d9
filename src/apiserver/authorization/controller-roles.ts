// What each controller of Kubernetes 1.36 may do: `system:controller:<name>`, bound to the service
// account of that name in kube-system. Ours are part of the engine and need none of it; tools that bring
// a controller of their own by one of these names do.
import type { PolicyRule } from '#kinds/k8s/rbac.ts'
import { EVENTS, READ, rule } from './default-rule.ts'

const CSR = 'certificates.k8s.io'
const APPS = 'apps extensions'
const STORAGE = 'storage.k8s.io'
const NETWORKING = 'networking.k8s.io'
const DISCOVERY = 'discovery.k8s.io'
const RESOURCE = 'resource.k8s.io'
const ADMISSION = 'admissionregistration.k8s.io'
const SIGNERS =
  'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown'

const ofPods = (verbs: string) => rule(verbs, 'core', 'pods')
const ofClaims = (verbs: string) => rule(verbs, 'core', 'persistentvolumeclaims')
const ofVolumes = (verbs: string) => rule(verbs, 'core', 'persistentvolumes')
const ofNodes = (verbs: string) => rule(verbs, 'core', 'nodes')
const MAKES_PODS = 'create delete list patch watch'

export const CONTROLLER_RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    rule('list watch', 'core', 'persistentvolumeclaims persistentvolumes'),
    ofNodes(READ),
    rule('patch update', 'core', 'nodes/status'),
    ofPods('list watch'),
    EVENTS,
    rule(`create delete ${READ}`, STORAGE, 'volumeattachments'),
    rule(READ, STORAGE, 'csidrivers'),
    rule(READ, STORAGE, 'csinodes'),
  ],
  'certificate-controller': [
    rule(`delete ${READ}`, CSR, 'certificatesigningrequests'),
    rule('update', CSR, 'certificatesigningrequests/approval certificatesigningrequests/status'),
    rule('approve', CSR, 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    rule('sign', CSR, 'signers', SIGNERS),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    EVENTS,
  ],
  'clusterrole-aggregation-controller': [
    rule(`escalate patch update ${READ}`, 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'cronjob-controller': [
    rule(`update ${READ}`, 'batch', 'cronjobs'),
    rule(`create delete patch update ${READ}`, 'batch', 'jobs'),
    rule('update', 'batch', 'cronjobs/status'),
    rule('update', 'batch', 'cronjobs/finalizers'),
    ofPods('delete list watch'),
    EVENTS,
  ],
  'daemon-set-controller': [
    rule(READ, APPS, 'daemonsets'),
    rule('update', APPS, 'daemonsets/status'),
    rule('update', APPS, 'daemonsets/finalizers'),
    ofNodes('list watch'),
    ofPods(MAKES_PODS),
    rule('create', 'core', 'pods/binding'),
    rule(`create delete patch update ${READ}`, 'apps', 'controllerrevisions'),
    EVENTS,
  ],
  'deployment-controller': [
    rule(`update ${READ}`, APPS, 'deployments'),
    rule('update', APPS, 'deployments/status'),
    rule('update', APPS, 'deployments/finalizers'),
    rule(`create delete patch update ${READ}`, APPS, 'replicasets'),
    ofPods(`update ${READ}`),
    EVENTS,
  ],
  'device-taint-eviction-controller': [
    ofPods(`delete ${READ}`),
    rule('patch update', 'core', 'pods/status'),
    rule(READ, RESOURCE, 'deviceclasses devicetaintrules resourceclaims resourceslices'),
    EVENTS,
  ],
  'disruption-controller': [
    rule(READ, APPS, 'deployments'),
    rule(READ, APPS, 'replicasets'),
    rule(READ, 'core', 'replicationcontrollers'),
    rule(READ, 'policy', 'poddisruptionbudgets'),
    rule(READ, 'apps', 'statefulsets'),
    rule('update', 'policy', 'poddisruptionbudgets/status'),
    rule('patch update', 'core', 'pods/status'),
    rule('get', '*', '*/scale'),
    EVENTS,
  ],
  'endpoint-controller': [
    rule(READ, 'core', 'pods services'),
    rule(`create delete update ${READ}`, 'core', 'endpoints'),
    rule('create', 'core', 'endpoints/restricted'),
    EVENTS,
  ],
  'endpointslice-controller': [
    rule(READ, 'core', 'nodes pods services'),
    rule('update', 'core', 'services/finalizers'),
    rule(`create delete update ${READ}`, DISCOVERY, 'endpointslices'),
    EVENTS,
  ],
  'endpointslicemirroring-controller': [
    rule(READ, 'core', 'endpoints services'),
    rule('update', 'core', 'services/finalizers'),
    rule('update', 'core', 'endpoints/finalizers'),
    rule(`create delete update ${READ}`, DISCOVERY, 'endpointslices'),
    EVENTS,
  ],
  'ephemeral-volume-controller': [
    ofPods(READ),
    rule('update', 'core', 'pods/finalizers'),
    ofClaims(`create ${READ}`),
    EVENTS,
  ],
  'expand-controller': [
    ofVolumes(`patch update ${READ}`),
    rule('patch update', 'core', 'persistentvolumeclaims/status'),
    ofClaims(READ),
    EVENTS,
    rule('get', 'core', 'services'),
  ],
  'generic-garbage-collector': [rule(`delete patch update ${READ}`, '*', '*'), EVENTS],
  'horizontal-pod-autoscaler': [
    rule(READ, 'autoscaling', 'horizontalpodautoscalers'),
    rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get update', '*', '*/scale'),
    ofPods('list watch'),
    rule('list watch', 'metrics.k8s.io', 'pods'),
    rule(READ, 'custom.metrics.k8s.io', '*'),
    rule(READ, 'external.metrics.k8s.io', '*'),
    EVENTS,
  ],
  'job-controller': [
    rule(`patch update ${READ}`, 'batch', 'jobs'),
    rule('update', 'batch', 'jobs/status'),
    rule('update', 'batch', 'jobs/finalizers'),
    ofPods(MAKES_PODS),
    EVENTS,
  ],
  'legacy-service-account-token-cleaner': [
    rule('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    rule('delete patch', 'core', 'secrets'),
  ],
  'namespace-controller': [
    rule(`delete ${READ}`, 'core', 'namespaces'),
    rule('update', 'core', 'namespaces/finalize namespaces/status'),
    rule(`delete deletecollection ${READ}`, '*', '*'),
  ],
  'node-controller': [
    ofNodes(`delete patch update ${READ}`),
    rule('patch update', 'core', 'nodes/status'),
    rule('patch update', 'core', 'pods/status'),
    ofPods(`delete ${READ}`),
    EVENTS,
  ],
  'persistent-volume-binder': [
    ofVolumes(`create delete update ${READ}`),
    rule('update', 'core', 'persistentvolumes/status'),
    ofClaims(`update ${READ}`),
    rule('update', 'core', 'persistentvolumeclaims/status'),
    ofPods(`create delete ${READ}`),
    rule(READ, STORAGE, 'storageclasses'),
    ofNodes('list watch'),
    EVENTS,
    rule('watch', 'core', 'events'),
    rule('get', 'core', 'services'),
  ],
  'pod-garbage-collector': [
    ofPods('delete list watch'),
    ofNodes(READ),
    rule('patch', 'core', 'pods/status'),
  ],
  'pv-protection-controller': [ofVolumes(`update ${READ}`), EVENTS],
  'pvc-protection-controller': [ofClaims(`update ${READ}`), ofPods(READ), EVENTS],
  'replicaset-controller': [
    rule(`update ${READ}`, APPS, 'replicasets'),
    rule('update', APPS, 'replicasets/status'),
    rule('update', APPS, 'replicasets/finalizers'),
    ofPods(MAKES_PODS),
    EVENTS,
  ],
  'replication-controller': [
    rule(`update ${READ}`, 'core', 'replicationcontrollers'),
    rule('update', 'core', 'replicationcontrollers/status'),
    rule('update', 'core', 'replicationcontrollers/finalizers'),
    ofPods(MAKES_PODS),
    EVENTS,
  ],
  'resource-claim-controller': [
    ofPods(READ),
    rule('update', 'core', 'pods/finalizers'),
    rule(`create delete ${READ}`, RESOURCE, 'resourceclaims'),
    rule('patch update', RESOURCE, 'resourceclaims resourceclaims/status'),
    rule('patch update', 'core', 'pods/status'),
    EVENTS,
  ],
  'resourcequota-controller': [
    rule('list watch', '*', '*'),
    rule('update', 'core', 'resourcequotas/status'),
    EVENTS,
  ],
  'root-ca-cert-publisher': [rule('create update', 'core', 'configmaps'), EVENTS],
  'route-controller': [ofNodes('list watch'), rule('patch', 'core', 'nodes/status'), EVENTS],
  'selinux-warning-controller': [
    EVENTS,
    ofVolumes(READ),
    ofClaims(READ),
    ofPods(READ),
    rule(READ, STORAGE, 'csidrivers'),
  ],
  'service-account-controller': [rule('create', 'core', 'serviceaccounts'), EVENTS],
  'service-cidrs-controller': [
    rule(`patch update ${READ}`, NETWORKING, 'servicecidrs'),
    rule('patch update', NETWORKING, 'servicecidrs/finalizers'),
    rule('patch update', NETWORKING, 'servicecidrs/status'),
    rule(READ, NETWORKING, 'ipaddresses'),
    EVENTS,
  ],
  'service-controller': [
    rule(READ, 'core', 'services'),
    rule('patch update', 'core', 'services/status'),
    ofNodes('list watch'),
    EVENTS,
  ],
  'statefulset-controller': [
    ofPods('list watch'),
    rule(READ, 'apps', 'statefulsets'),
    rule('update', 'apps', 'statefulsets/status'),
    rule('update', 'apps', 'statefulsets/finalizers'),
    ofPods('create delete get patch update'),
    rule(`create delete patch update ${READ}`, 'apps', 'controllerrevisions'),
    ofClaims(`create ${READ}`),
    ofClaims('delete update'),
    rule('update', 'core', 'pods/finalizers'),
    EVENTS,
  ],
  'ttl-after-finished-controller': [rule(`delete ${READ}`, 'batch', 'jobs'), EVENTS],
  'ttl-controller': [ofNodes('list patch update watch'), EVENTS],
  'validatingadmissionpolicy-status-controller': [
    rule(READ, ADMISSION, 'validatingadmissionpolicies'),
    rule('get patch update', ADMISSION, 'validatingadmissionpolicies/status'),
    EVENTS,
  ],
  'volumeattributesclass-protection-controller': [
    ofClaims(READ),
    ofVolumes(READ),
    rule(`update ${READ}`, STORAGE, 'volumeattributesclasses'),
    EVENTS,
  ],
}
