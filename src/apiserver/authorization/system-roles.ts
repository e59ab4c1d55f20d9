// ClusterRoles for the parts of a cluster, with who has them from the start (Kubernetes 1.36).
import type { PolicyRule, Subject } from '#kinds/k8s/rbac.ts'
import { CHANGE, EVENTS, paths, READ, rule } from './default-rule.ts'

export interface SystemRole {
  name: string
  rules: readonly PolicyRule[]
  /** Absent: nobody is bound to it from the start, and there is no binding. */
  subjects?: readonly Subject[]
}

const RBAC = 'rbac.authorization.k8s.io'

export const group = (name: string): Subject => ({ kind: 'Group', apiGroup: RBAC, name })
export const user = (name: string): Subject => ({ kind: 'User', apiGroup: RBAC, name })
export const account = (name: string): Subject => ({
  kind: 'ServiceAccount',
  name,
  namespace: 'kube-system',
})

const AUTHENTICATED = group('system:authenticated')
const SCHEDULER = user('system:kube-scheduler')
const CSR = 'certificates.k8s.io'

/** What a kubelet needs. The node authorizer grants it, cut to what the node's own pods use. */
export const NODE: readonly PolicyRule[] = [
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  rule(READ, 'core', 'services'),
  rule(`create ${READ}`, 'core', 'nodes'),
  rule('patch update', 'core', 'nodes/status'),
  rule('patch update', 'core', 'nodes'),
  rule(CHANGE, 'core', 'events'),
  rule(READ, 'core', 'pods'),
  rule('create delete', 'core', 'pods'),
  rule('patch update', 'core', 'pods/status'),
  rule('create', 'core', 'pods/eviction'),
  rule(READ, 'core', 'configmaps secrets'),
  rule('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  rule('get', 'core', 'endpoints'),
  rule(`create ${READ}`, CSR, 'certificatesigningrequests'),
  rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
  rule('get', 'storage.k8s.io', 'volumeattachments'),
  rule('get patch update', 'core', 'persistentvolumeclaims/status'),
  rule('create', 'core', 'serviceaccounts/token'),
  rule('get', 'core', 'serviceaccounts'),
  rule(READ, 'storage.k8s.io', 'csidrivers'),
  rule('create delete get patch update', 'storage.k8s.io', 'csinodes'),
  rule(READ, 'node.k8s.io', 'runtimeclasses'),
  rule('get', 'resource.k8s.io', 'resourceclaims'),
  rule(`create delete deletecollection patch update ${READ}`, 'resource.k8s.io', 'resourceslices'),
]

const approver = (signer: string): SystemRole => ({
  name: `system:certificates.k8s.io:${signer}-approver`,
  rules: [rule('approve', CSR, 'signers', `kubernetes.io/${signer}`)],
})

const client = (kind: string): SystemRole => ({
  name: `system:certificates.k8s.io:certificatesigningrequests:${kind}`,
  rules: [rule('create', CSR, `certificatesigningrequests/${kind}`)],
})

/** What everyone may ask. */
const PUBLIC_ROLES: readonly SystemRole[] = [
  {
    name: 'system:basic-user',
    rules: [
      rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
    ],
    subjects: [AUTHENTICATED],
  },
  {
    name: 'system:discovery',
    rules: [
      paths(
        '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/',
      ),
    ],
    subjects: [AUTHENTICATED],
  },
  {
    name: 'system:public-info-viewer',
    rules: [paths('/healthz /livez /readyz /version /version/')],
    subjects: [AUTHENTICATED, group('system:unauthenticated')],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      paths(
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ],
    subjects: [group('system:serviceaccounts')],
  },
  {
    name: 'system:monitoring',
    rules: [paths('/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')],
    subjects: [group('system:monitoring')],
  },
]

const NODE_ROLES: readonly SystemRole[] = [
  // Bound to nobody: what a node may, the node authorizer says.
  { name: 'system:node', rules: NODE, subjects: [] },
  {
    name: 'system:node-bootstrapper',
    rules: [rule(`create ${READ}`, CSR, 'certificatesigningrequests')],
  },
  {
    name: 'system:node-problem-detector',
    rules: [rule('get', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), EVENTS],
  },
  {
    name: 'system:node-proxier',
    rules: [
      rule('list watch', 'core', 'endpoints services'),
      rule(READ, 'core', 'nodes'),
      EVENTS,
      rule('list watch', 'discovery.k8s.io', 'endpointslices'),
      rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    ],
    subjects: [user('system:kube-proxy')],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      rule(READ, 'core', 'nodes'),
      rule('proxy', 'core', 'nodes'),
      rule(
        '*',
        'core',
        'nodes/checkpoint nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats',
      ),
    ],
  },
  client('nodeclient'),
  client('selfnodeclient'),
  approver('kube-apiserver-client'),
  approver('kube-apiserver-client-kubelet'),
  approver('kubelet-serving'),
  approver('legacy-unknown'),
]

const PLANE_ROLES: readonly SystemRole[] = [
  {
    name: 'system:auth-delegator',
    rules: [
      rule('create', 'authentication.k8s.io', 'tokenreviews'),
      rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    ],
  },
  {
    name: 'system:heapster',
    rules: [
      rule(READ, 'core', 'events namespaces nodes pods'),
      rule(READ, 'extensions', 'deployments'),
    ],
  },
  { name: 'system:kube-aggregator', rules: [rule(READ, 'core', 'endpoints services')] },
  {
    name: 'system:kube-controller-manager',
    rules: [
      EVENTS,
      rule('create', 'coordination.k8s.io', 'leases'),
      rule('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
      rule('create', 'core', 'secrets serviceaccounts'),
      rule('delete', 'core', 'secrets'),
      rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
      rule('update', 'core', 'secrets serviceaccounts'),
      rule('create', 'authentication.k8s.io', 'tokenreviews'),
      rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
      rule('list watch', '*', '*'),
      rule('create', 'core', 'serviceaccounts/token'),
    ],
    subjects: [user('system:kube-controller-manager')],
  },
  {
    name: 'system:kube-dns',
    rules: [rule('list watch', 'core', 'endpoints services')],
    subjects: [account('kube-dns')],
  },
  {
    name: 'system:kube-scheduler',
    rules: [
      EVENTS,
      rule('create', 'coordination.k8s.io', 'leases'),
      rule('get update', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
      rule(READ, 'core', 'nodes'),
      rule(`delete ${READ}`, 'core', 'pods'),
      rule('create', 'core', 'bindings pods/binding'),
      rule('patch update', 'core', 'pods/status'),
      rule(READ, 'core', 'replicationcontrollers services'),
      rule(READ, 'apps extensions', 'replicasets'),
      rule(READ, 'apps', 'statefulsets'),
      rule(READ, 'policy', 'poddisruptionbudgets'),
      rule(READ, 'core', 'persistentvolumeclaims persistentvolumes'),
      rule('create', 'authentication.k8s.io', 'tokenreviews'),
      rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
      rule(READ, 'storage.k8s.io', 'csinodes'),
      rule(READ, 'core', 'namespaces'),
      rule(READ, 'storage.k8s.io', 'csidrivers'),
      rule(READ, 'storage.k8s.io', 'csistoragecapacities'),
      rule(READ, 'storage.k8s.io', 'volumeattachments'),
      rule(READ, 'resource.k8s.io', 'deviceclasses resourceclaims resourceslices'),
      rule('patch update', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
      rule('update', 'core', 'pods/finalizers'),
    ],
    subjects: [SCHEDULER],
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      rule(`create delete ${READ}`, 'core', 'persistentvolumes'),
      rule(`update ${READ}`, 'core', 'persistentvolumeclaims'),
      rule(READ, 'storage.k8s.io', 'storageclasses'),
      rule('watch', 'core', 'events'),
      EVENTS,
    ],
  },
  {
    name: 'system:volume-scheduler',
    rules: [
      rule(`patch update ${READ}`, 'core', 'persistentvolumes'),
      rule(READ, 'storage.k8s.io', 'storageclasses'),
      rule(`patch update ${READ}`, 'core', 'persistentvolumeclaims'),
    ],
    subjects: [SCHEDULER],
  },
]

export const SYSTEM_ROLES: readonly SystemRole[] = [...PUBLIC_ROLES, ...NODE_ROLES, ...PLANE_ROLES]
