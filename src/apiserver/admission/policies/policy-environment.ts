// What expressions about requests can refer to: of policies, and of the match conditions of webhooks.
import type { Environment, StructType } from '../../cel/environment.ts'
import { AUTHORIZER_TYPE, RESOURCE_CHECK_TYPE } from '../../cel/functions/authorizer.ts'
import { admissionLibrary } from '../../cel/kubernetes-library.ts'
import type { CelType } from '../../cel/types.ts'
import { BOOL, DYN, listOf, mapOf, objectType, opaque, STRING } from '../../cel/types.ts'

const kind = objectType('kubernetes.GroupVersionKind', {
  group: STRING,
  version: STRING,
  kind: STRING,
})
const resource = objectType('kubernetes.GroupVersionResource', {
  group: STRING,
  version: STRING,
  resource: STRING,
})
const userInfo = objectType('kubernetes.UserInfo', {
  username: STRING,
  uid: STRING,
  groups: listOf(STRING),
  extra: mapOf(STRING, listOf(STRING)),
})

export const REQUEST_TYPE = objectType('kubernetes.AdmissionRequest', {
  kind,
  resource,
  subResource: STRING,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: STRING,
  name: STRING,
  namespace: STRING,
  operation: STRING,
  userInfo,
  dryRun: BOOL,
  options: DYN,
})

const metadata = objectType('kubernetes.NamespaceMetadata', {
  name: STRING,
  generateName: STRING,
  namespace: STRING,
  labels: mapOf(STRING, STRING),
  annotations: mapOf(STRING, STRING),
  uid: STRING,
  creationTimestamp: { kind: 'timestamp' },
  deletionGracePeriodSeconds: { kind: 'int' },
  deletionTimestamp: { kind: 'timestamp' },
  generation: { kind: 'int' },
  resourceVersion: STRING,
  finalizers: listOf(STRING),
})

export const NAMESPACE_TYPE = objectType('kubernetes.Namespace', {
  metadata,
  spec: objectType('kubernetes.NamespaceSpec', { finalizers: listOf(STRING) }),
  status: objectType('kubernetes.NamespaceStatus', { phase: STRING }),
})

export interface ExpressionScope {
  /** Absent where expressions have no parameters. */
  params?: CelType
  object?: CelType
  /** Absent where expressions have no variables of their own. */
  variables?: CelType
  /** Webhooks see no namespace. */
  hasNamespace: boolean
  struct?: (name: string) => StructType | undefined
}

export function policyEnvironment(scope: ExpressionScope): Environment {
  const { params, object = DYN, variables, hasNamespace, struct } = scope
  return {
    library: admissionLibrary,
    variables: {
      object,
      oldObject: object,
      request: REQUEST_TYPE,
      authorizer: opaque(AUTHORIZER_TYPE),
      'authorizer.requestResource': opaque(RESOURCE_CHECK_TYPE),
      ...(hasNamespace ? { namespaceObject: NAMESPACE_TYPE } : {}),
      ...(params === undefined ? {} : { params }),
      ...(variables === undefined ? {} : { variables }),
    },
    ...(struct === undefined ? {} : { struct }),
  }
}
