// The rules every cluster has, in Kubernetes' order.
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { createObjectReader } from '../objects/object-reader.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import type { ResourceRegistry } from '../resources.ts'
import { crdStatus } from '../crd/crd-status.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import type { AdmissionPlugin } from './plugin.ts'
import { podPriority } from './pod-priority.ts'
import { podSecurity } from './pod-security.ts'
import { preventEscalation } from './prevent-escalation.ts'
import { resourceQuotaAdmission } from './resource-quota.ts'
import { serviceAccountAdmission } from './service-account.ts'
import { serviceAddresses } from './service-addresses.ts'
import { storageInUse } from './storage-in-use.ts'

export interface BuiltinAdmissionOptions {
  objects: ObjectStorage
  resources: ResourceRegistry
  clock: Clock
  random: Random
  serviceCIDR: string | undefined
}

export interface BuiltinAdmission {
  plugins: readonly AdmissionPlugin[]
  close(): void
}

export function builtinAdmission(options: BuiltinAdmissionOptions): BuiltinAdmission {
  const { objects, resources, clock, random, serviceCIDR } = options
  const reader = createObjectReader(objects)
  const addresses = serviceAddresses({ objects, serviceCIDR })
  return {
    plugins: [
      namespaceLifecycle(reader),
      limitRanger(reader),
      serviceAccountAdmission(reader, random),
      podSecurity(reader),
      podPriority(reader),
      defaultTolerationSeconds,
      storageInUse,
      crdStatus({ reader, resources, clock }),
      preventEscalation(objects),
      addresses.plugin,
      resourceQuotaAdmission(objects, clock),
    ],
    close: () => addresses.close(),
  }
}
