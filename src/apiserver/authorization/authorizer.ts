import type { UserInfo } from '#base/api-call.ts'
import type { FieldRequirement } from '#kinds/field-selector.ts'

/** What is asked to be allowed. */
export type Attributes =
  | {
      type: 'resource'
      verb: string
      group: string
      version: string
      resource: string
      subresource: string | undefined
      namespace: string | undefined
      name: string | undefined
      /** Which objects a list or watch is to be of. */
      fieldSelector?: readonly FieldRequirement[]
    }
  | { type: 'path'; verb: string; path: string }

export type Decision = { allowed: true; reason: string } | { allowed: false; reason: string }

export interface Authorizer {
  authorize(user: UserInfo, attributes: Attributes): Decision
  /** Everything a user may do in a namespace. */
  rulesFor(user: UserInfo, namespace: string): SubjectRules
}

export interface SubjectRules {
  resourceRules: ResourceRule[]
  nonResourceRules: { verbs: string[]; nonResourceURLs: string[] }[]
  /** Whether there is more that no list can say. */
  incomplete?: boolean
  /** What kept the list from being whole. */
  evaluationError?: string
}

export interface ResourceRule {
  verbs: string[]
  apiGroups: string[]
  resources: string[]
  resourceNames?: string[]
}
