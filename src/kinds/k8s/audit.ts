// audit.k8s.io/v1: what the audit log holds, and the policy that says what goes into it. Neither is stored by the API.
import type { UserInfo } from '#base/api-call.ts'
import type { Status } from '../object.ts'

export const AUDIT_API_VERSION = 'audit.k8s.io/v1'

/** From least to most. */
export const AUDIT_LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
export type AuditLevel = (typeof AUDIT_LEVELS)[number]

export const AUDIT_STAGES = [
  'RequestReceived',
  'ResponseStarted',
  'ResponseComplete',
  'Panic',
] as const
export type AuditStage = (typeof AUDIT_STAGES)[number]

export interface AuditObjectReference {
  resource?: string
  namespace?: string
  name?: string
  uid?: string
  apiGroup?: string
  apiVersion?: string
  resourceVersion?: string
  subresource?: string
}

export interface AuditEvent {
  kind: 'Event'
  apiVersion: typeof AUDIT_API_VERSION
  level: AuditLevel
  auditID: string
  stage: AuditStage
  requestURI: string
  verb: string
  user: Partial<UserInfo>
  impersonatedUser?: UserInfo | undefined
  sourceIPs?: string[] | undefined
  userAgent?: string | undefined
  objectRef?: AuditObjectReference | undefined
  responseStatus?: Partial<Status> | undefined
  requestObject?: unknown
  responseObject?: unknown
  requestReceivedTimestamp: string
  stageTimestamp: string
  annotations?: Record<string, string> | undefined
}

export interface AuditGroupResources {
  group?: string
  resources?: string[]
  resourceNames?: string[]
}

export interface AuditPolicyRule {
  level: AuditLevel
  users?: string[]
  userGroups?: string[]
  verbs?: string[]
  resources?: AuditGroupResources[]
  namespaces?: string[]
  nonResourceURLs?: string[]
  omitStages?: AuditStage[]
  omitManagedFields?: boolean
}

export interface AuditPolicy {
  rules: AuditPolicyRule[]
  omitStages?: AuditStage[]
  omitManagedFields?: boolean
}
