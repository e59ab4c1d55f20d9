// Admission of what is asked of an object but never stored: a connection, a binding, an eviction.
import type { Call, ClusterContext, Target } from '../context.ts'
import { admissionExtras } from '../request-options.ts'
import { admit, validateAdmission } from './run-admission.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { ObjectKind } from './plugin.ts'

export interface Unstored {
  operation: 'CREATE' | 'CONNECT'
  target: Target
  /** What was asked with, such as an Eviction or the options of an exec: may be changed in place. */
  object: object
  kind: ObjectKind
  dryRun: boolean
  /** Refuses what it has become. */
  check?: () => void
}

/** Throws a StatusError to refuse. */
export async function admitUnstored(
  { admission }: ClusterContext,
  call: Call,
  { operation, target, object, kind, dryRun, check }: Unstored,
): Promise<void> {
  const { resource, namespace, name, subresource } = target
  const plugins = admission.filter(({ asksOfUnstored }) => asksOfUnstored)
  const { group, version, plural } = resource
  const admitted = await admit(plugins, {
    operation,
    group,
    version,
    kind: resource.kind,
    resource: plural,
    subresource,
    namespace,
    name,
    object: object as KubeObject,
    objectKind: kind,
    old: undefined,
    user: call.user,
    dryRun,
    ...admissionExtras(call, 'CreateOptions'),
    ...(operation === 'CONNECT' ? { options: undefined } : {}),
  })
  check?.()
  await validateAdmission(plugins, admitted)
}
