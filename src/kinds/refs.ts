// One reference per kind: what a client needs to know to ask for objects of it.
import type { KindRef } from './ref.ts'
import type * as admissionregistration from './k8s/admissionregistration.ts'
import type * as apiextensions from './k8s/apiextensions.ts'
import type * as apiregistration from './k8s/apiregistration.ts'
import type * as apps from './k8s/apps.ts'
import type * as authorization from './k8s/authorization.ts'
import type * as autoscaling from './k8s/autoscaling.ts'
import type * as autoscalingV1 from './k8s/autoscaling-v1.ts'
import type * as batch from './k8s/batch.ts'
import type * as certificates from './k8s/certificates.ts'
import type * as coordination from './k8s/coordination.ts'
import type * as core from './k8s/core.ts'
import type * as discovery from './k8s/discovery.ts'
import type * as flowcontrol from './k8s/flowcontrol.ts'
import type * as networking from './k8s/networking.ts'
import type * as node from './k8s/node.ts'
import type * as policy from './k8s/policy.ts'
import type * as rbac from './k8s/rbac.ts'
import type * as resource from './k8s/resource.ts'
import type * as scheduling from './k8s/scheduling.ts'
import type * as storage from './k8s/storage.ts'
import type { KubeObject } from './object.ts'

/** The kinds of one group and version: `namespaced` ones and those of the whole `cluster`. */
function group(name: string, version = 'v1') {
  const of =
    (namespaced: boolean) =>
    <T extends KubeObject>(kind: string, plural = `${kind.toLowerCase()}s`): KindRef<T> => ({
      group: name,
      version,
      kind,
      plural,
      namespaced,
    })
  return { namespaced: of(true), cluster: of(false) }
}

const coreGroup = group('')
export const namespaces = coreGroup.cluster<core.Namespace>('Namespace')
export const nodes = coreGroup.cluster<core.Node>('Node')
export const pods = coreGroup.namespaced<core.Pod>('Pod')
export const services = coreGroup.namespaced<core.Service>('Service')
export const endpoints = coreGroup.namespaced<core.Endpoints>('Endpoints', 'endpoints')
export const configMaps = coreGroup.namespaced<core.ConfigMap>('ConfigMap')
export const secrets = coreGroup.namespaced<core.Secret>('Secret')
export const serviceAccounts = coreGroup.namespaced<core.ServiceAccount>('ServiceAccount')
export const events = coreGroup.namespaced<core.Event>('Event')
export const componentStatuses = coreGroup.cluster<core.ComponentStatus>(
  'ComponentStatus',
  'componentstatuses',
)
export const persistentVolumes = coreGroup.cluster<core.PersistentVolume>('PersistentVolume')
export const persistentVolumeClaims =
  coreGroup.namespaced<core.PersistentVolumeClaim>('PersistentVolumeClaim')
export const replicationControllers =
  coreGroup.namespaced<core.ReplicationController>('ReplicationController')
export const podTemplates = coreGroup.namespaced<core.PodTemplate>('PodTemplate')
export const resourceQuotas = coreGroup.namespaced<core.ResourceQuota>('ResourceQuota')
export const limitRanges = coreGroup.namespaced<core.LimitRange>('LimitRange')

const appsGroup = group('apps')
export const replicaSets = appsGroup.namespaced<apps.ReplicaSet>('ReplicaSet')
export const deployments = appsGroup.namespaced<apps.Deployment>('Deployment')
export const statefulSets = appsGroup.namespaced<apps.StatefulSet>('StatefulSet')
export const daemonSets = appsGroup.namespaced<apps.DaemonSet>('DaemonSet')
export const controllerRevisions =
  appsGroup.namespaced<apps.ControllerRevision>('ControllerRevision')

const batchGroup = group('batch')
export const jobs = batchGroup.namespaced<batch.Job>('Job')
export const cronJobs = batchGroup.namespaced<batch.CronJob>('CronJob')

const autoscalingGroup = group('autoscaling', 'v2')
export const horizontalPodAutoscalers =
  autoscalingGroup.namespaced<autoscaling.HorizontalPodAutoscaler>('HorizontalPodAutoscaler')

const autoscalingV1Group = group('autoscaling')
export const horizontalPodAutoscalersV1 =
  autoscalingV1Group.namespaced<autoscalingV1.HorizontalPodAutoscaler>('HorizontalPodAutoscaler')

const policyGroup = group('policy')
export const podDisruptionBudgets =
  policyGroup.namespaced<policy.PodDisruptionBudget>('PodDisruptionBudget')

const schedulingGroup = group('scheduling.k8s.io')
export const priorityClasses = schedulingGroup.cluster<scheduling.PriorityClass>(
  'PriorityClass',
  'priorityclasses',
)

const discoveryGroup = group('discovery.k8s.io')
export const endpointSlices = discoveryGroup.namespaced<discovery.EndpointSlice>('EndpointSlice')

const coordinationGroup = group('coordination.k8s.io')
export const leases = coordinationGroup.namespaced<coordination.Lease>('Lease')

const networkingGroup = group('networking.k8s.io')
export const ingresses = networkingGroup.namespaced<networking.Ingress>('Ingress', 'ingresses')
export const ingressClasses = networkingGroup.cluster<networking.IngressClass>(
  'IngressClass',
  'ingressclasses',
)
export const networkPolicies = networkingGroup.namespaced<networking.NetworkPolicy>(
  'NetworkPolicy',
  'networkpolicies',
)
export const serviceCIDRs = networkingGroup.cluster<networking.ServiceCIDR>('ServiceCIDR')
export const ipAddresses = networkingGroup.cluster<networking.IPAddress>('IPAddress', 'ipaddresses')

const storageGroup = group('storage.k8s.io')
export const storageClasses = storageGroup.cluster<storage.StorageClass>(
  'StorageClass',
  'storageclasses',
)
export const csiDrivers = storageGroup.cluster<storage.CSIDriver>('CSIDriver')
export const csiNodes = storageGroup.cluster<storage.CSINode>('CSINode')
export const csiStorageCapacities = storageGroup.namespaced<storage.CSIStorageCapacity>(
  'CSIStorageCapacity',
  'csistoragecapacities',
)
export const volumeAttachments = storageGroup.cluster<storage.VolumeAttachment>('VolumeAttachment')
export const volumeAttributesClasses = storageGroup.cluster<storage.VolumeAttributesClass>(
  'VolumeAttributesClass',
  'volumeattributesclasses',
)

const rbacGroup = group('rbac.authorization.k8s.io')
export const roles = rbacGroup.namespaced<rbac.Role>('Role')
export const roleBindings = rbacGroup.namespaced<rbac.RoleBinding>('RoleBinding')
export const clusterRoles = rbacGroup.cluster<rbac.ClusterRole>('ClusterRole')
export const clusterRoleBindings = rbacGroup.cluster<rbac.ClusterRoleBinding>('ClusterRoleBinding')

export const subjectAccessReviews =
  group('authorization.k8s.io').cluster<authorization.SubjectAccessReview>('SubjectAccessReview')

const certificatesGroup = group('certificates.k8s.io')
export const certificateSigningRequests =
  certificatesGroup.cluster<certificates.CertificateSigningRequest>('CertificateSigningRequest')

const admissionregistrationGroup = group('admissionregistration.k8s.io')
export const validatingWebhookConfigurations =
  admissionregistrationGroup.cluster<admissionregistration.ValidatingWebhookConfiguration>(
    'ValidatingWebhookConfiguration',
  )
export const mutatingWebhookConfigurations =
  admissionregistrationGroup.cluster<admissionregistration.MutatingWebhookConfiguration>(
    'MutatingWebhookConfiguration',
  )
export const validatingAdmissionPolicies =
  admissionregistrationGroup.cluster<admissionregistration.ValidatingAdmissionPolicy>(
    'ValidatingAdmissionPolicy',
    'validatingadmissionpolicies',
  )
export const validatingAdmissionPolicyBindings =
  admissionregistrationGroup.cluster<admissionregistration.ValidatingAdmissionPolicyBinding>(
    'ValidatingAdmissionPolicyBinding',
  )
export const mutatingAdmissionPolicies =
  admissionregistrationGroup.cluster<admissionregistration.MutatingAdmissionPolicy>(
    'MutatingAdmissionPolicy',
    'mutatingadmissionpolicies',
  )
export const mutatingAdmissionPolicyBindings =
  admissionregistrationGroup.cluster<admissionregistration.MutatingAdmissionPolicyBinding>(
    'MutatingAdmissionPolicyBinding',
  )

const nodeGroup = group('node.k8s.io')
export const runtimeClasses = nodeGroup.cluster<node.RuntimeClass>('RuntimeClass', 'runtimeclasses')

const resourceGroup = group('resource.k8s.io')
export const deviceClasses = resourceGroup.cluster<resource.DeviceClass>(
  'DeviceClass',
  'deviceclasses',
)
export const resourceClaims = resourceGroup.namespaced<resource.ResourceClaim>('ResourceClaim')
export const resourceClaimTemplates =
  resourceGroup.namespaced<resource.ResourceClaimTemplate>('ResourceClaimTemplate')
export const resourceSlices = resourceGroup.cluster<resource.ResourceSlice>('ResourceSlice')

const flowcontrolGroup = group('flowcontrol.apiserver.k8s.io')
export const flowSchemas = flowcontrolGroup.cluster<flowcontrol.FlowSchema>('FlowSchema')
export const priorityLevelConfigurations =
  flowcontrolGroup.cluster<flowcontrol.PriorityLevelConfiguration>('PriorityLevelConfiguration')

const apiextensionsGroup = group('apiextensions.k8s.io')
export const customResourceDefinitions =
  apiextensionsGroup.cluster<apiextensions.CustomResourceDefinition>('CustomResourceDefinition')

const apiregistrationGroup = group('apiregistration.k8s.io')
export const apiServices = apiregistrationGroup.cluster<apiregistration.APIService>('APIService')
