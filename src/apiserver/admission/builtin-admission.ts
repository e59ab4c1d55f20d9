// The rules every cluster has, in Kubernetes' order.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Outgoing } from '../outgoing/outgoing.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { createObjectReader } from '../objects/object-reader.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import type { ResourceRegistry } from '../resources.ts'
import { certificateRequests } from './certificate-requests.ts'
import { persistentVolumeClaimResize } from './claim-resize.ts'
import { defaultIngressClass, defaultStorageClass } from './default-class.ts'
import { definitionAdmission } from '../crd/definition-admission.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction/node-restriction.ts'
import type { AdmissionPlugin } from './plugin.ts'
import { podPriority } from './pod-priority.ts'
import { podSecurity } from './pod-security.ts'
import { policyAdmission } from './policies/policy-admission.ts'
import { preventEscalation } from './prevent-escalation.ts'
import { resourceQuotaAdmission } from './resource-quota.ts'
import { runtimeClassAdmission } from './runtime-class.ts'
import { serviceAccountAdmission } from './service-account.ts'
import { serviceAddresses } from './service-addresses.ts'
import { storageInUse } from './storage-in-use.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'
import { webhookAdmission } from './webhooks/webhook-admission.ts'

export interface BuiltinAdmissionOptions {
  objects: ObjectStorage
  authorizer: Authorizer
  resources: ResourceRegistry
  clock: Clock
  random: Random
  log: Logger
  outgoing: Outgoing
  serviceCIDR: string | undefined
}

export interface BuiltinAdmission {
  plugins: readonly AdmissionPlugin[]
  close(): void
}

export function builtinAdmission(options: BuiltinAdmissionOptions): BuiltinAdmission {
  const { objects, authorizer, clock, random, serviceCIDR } = options
  const reader = createObjectReader(objects)
  const addresses = serviceAddresses({ objects, serviceCIDR })
  const webhooks = webhookAdmission({ ...options, reader })
  const policies = policyAdmission({ ...options, reader })
  return {
    plugins: [
      namespaceLifecycle(reader),
      limitRanger(reader),
      serviceAccountAdmission(reader, random),
      nodeRestriction(reader, authorizer),
      taintNodesByCondition,
      podSecurity(reader),
      podPriority(reader),
      defaultTolerationSeconds,
      storageInUse,
      defaultStorageClass(reader),
      persistentVolumeClaimResize(reader),
      runtimeClassAdmission(reader),
      defaultIngressClass(reader),
      definitionAdmission,
      certificateRequests(authorizer),
      preventEscalation(objects),
      addresses.plugin,
      ...policies.plugins,
      ...webhooks.plugins,
      // The last one: what it charges is what will be stored.
      resourceQuotaAdmission(objects, clock),
    ],
    close() {
      addresses.close()
      policies.close()
      webhooks.close()
    },
  }
}
