// Every kind the API server knows from its start. Custom kinds come with their definitions.
import type { KindDefinition } from './definition.ts'
import { clusterRoleKind } from './cluster-role.ts'
import { clusterRoleBindingKind } from './cluster-role-binding.ts'
import { componentStatusKind } from './component-status.ts'
import { configMapKind } from './config-map.ts'
import { controllerRevisionKind } from './controller-revision.ts'
import { cronJobKind } from './cron-job.ts'
import { customResourceDefinitionKind } from './custom-resource-definition.ts'
import { daemonSetKind } from './daemon-set.ts'
import { deploymentKind } from './deployment.ts'
import { endpointSliceKind } from './endpoint-slice.ts'
import { endpointsKind } from './endpoints.ts'
import { eventKind } from './event.ts'
import { horizontalPodAutoscalerKind } from './horizontal-pod-autoscaler.ts'
import { jobKind } from './job.ts'
import { leaseKind } from './lease.ts'
import { limitRangeKind } from './limit-range.ts'
import { namespaceKind } from './namespace.ts'
import { nodeKind } from './node.ts'
import { persistentVolumeKind } from './persistent-volume.ts'
import { persistentVolumeClaimKind } from './persistent-volume-claim.ts'
import { podKind } from './pod.ts'
import { podDisruptionBudgetKind } from './pod-disruption-budget.ts'
import { podTemplateKind } from './pod-template.ts'
import { priorityClassKind } from './priority-class.ts'
import { replicaSetKind } from './replica-set.ts'
import { replicationControllerKind } from './replication-controller.ts'
import { resourceQuotaKind } from './resource-quota.ts'
import { roleKind } from './role.ts'
import { roleBindingKind } from './role-binding.ts'
import { secretKind } from './secret.ts'
import { serviceKind } from './service.ts'
import { serviceAccountKind } from './service-account.ts'
import { statefulSetKind } from './stateful-set.ts'
import { apiServiceKind } from './api-service.ts'
import { certificateSigningRequestKind } from './certificate-signing-request.ts'
import { csiDriverKind } from './csi-driver.ts'
import { csiNodeKind } from './csi-node.ts'
import { csiStorageCapacityKind } from './csi-storage-capacity.ts'
import { deviceClassKind } from './device-class.ts'
import { ingressClassKind } from './ingress-class.ts'
import { ingressKind } from './ingress.ts'
import { ipAddressKind } from './ip-address.ts'
import { networkPolicyKind } from './network-policy.ts'
import { resourceClaimTemplateKind } from './resource-claim-template.ts'
import { resourceClaimKind } from './resource-claim.ts'
import { resourceSliceKind } from './resource-slice.ts'
import { runtimeClassKind } from './runtime-class.ts'
import { serviceCIDRKind } from './service-cidr.ts'
import { storageClassKind } from './storage-class.ts'
import { volumeAttachmentKind } from './volume-attachment.ts'
import { volumeAttributesClassKind } from './volume-attributes-class.ts'
import { validatingWebhookConfigurationKind } from './validating-webhook-configuration.ts'
import { mutatingWebhookConfigurationKind } from './mutating-webhook-configuration.ts'
import { validatingAdmissionPolicyKind } from './validating-admission-policy.ts'
import { validatingAdmissionPolicyBindingKind } from './validating-admission-policy-binding.ts'
import { mutatingAdmissionPolicyKind } from './mutating-admission-policy.ts'
import { mutatingAdmissionPolicyBindingKind } from './mutating-admission-policy-binding.ts'
import { flowSchemaKind } from './flow-schema.ts'
import { priorityLevelConfigurationKind } from './priority-level-configuration.ts'

/** The type of each kind's objects is forgotten here: the server knows them as `KubeObject`. */
export const builtinKinds = [
  namespaceKind,
  nodeKind,
  podKind,
  serviceKind,
  endpointsKind,
  configMapKind,
  secretKind,
  serviceAccountKind,
  eventKind,
  componentStatusKind,
  persistentVolumeKind,
  persistentVolumeClaimKind,
  podTemplateKind,
  replicationControllerKind,
  resourceQuotaKind,
  limitRangeKind,
  replicaSetKind,
  deploymentKind,
  statefulSetKind,
  daemonSetKind,
  controllerRevisionKind,
  jobKind,
  cronJobKind,
  horizontalPodAutoscalerKind,
  endpointSliceKind,
  leaseKind,
  podDisruptionBudgetKind,
  priorityClassKind,
  roleKind,
  roleBindingKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  customResourceDefinitionKind,
  apiServiceKind,
  certificateSigningRequestKind,
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  deviceClassKind,
  ingressClassKind,
  ingressKind,
  ipAddressKind,
  networkPolicyKind,
  resourceClaimTemplateKind,
  resourceClaimKind,
  resourceSliceKind,
  runtimeClassKind,
  serviceCIDRKind,
  storageClassKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
  validatingWebhookConfigurationKind,
  mutatingWebhookConfigurationKind,
  validatingAdmissionPolicyKind,
  validatingAdmissionPolicyBindingKind,
  mutatingAdmissionPolicyKind,
  mutatingAdmissionPolicyBindingKind,
  flowSchemaKind,
  priorityLevelConfigurationKind,
] as readonly unknown[] as readonly KindDefinition[]
