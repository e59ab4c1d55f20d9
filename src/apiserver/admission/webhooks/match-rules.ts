// Whether the rules of a webhook mean a request. Pure.
import type { RuleWithOperations } from '#kinds/k8s/admissionregistration.ts'

export interface RuleSubject {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  group: string
  version: string
  resource: string
  subresource: string | undefined
  /** Of a Namespace its own name. */
  namespace: string | undefined
}

export function matchesRule(rule: RuleWithOperations, subject: RuleSubject): boolean {
  return (
    has(rule.operations, subject.operation) &&
    has(rule.apiGroups, subject.group) &&
    has(rule.apiVersions, subject.version) &&
    inScope(rule.scope ?? '*', subject) &&
    (rule.resources ?? []).some((resource) => isMeant(resource, subject))
  )
}

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list?.some((one) => one === '*' || one === value) ?? false

/** "pods" is no subresource, "pods/*" is every one and the pods, "*" is every resource but no subresource. */
function isMeant(rule: string, { resource, subresource }: RuleSubject): boolean {
  const [main, sub = ''] = rule.split('/', 2)
  return (main === '*' || main === resource) && (sub === '*' || sub === (subresource ?? ''))
}

export const isNamespace = ({ group, resource }: RuleSubject): boolean =>
  group === '' && resource === 'namespaces'

/** A Namespace stands at the scope of the cluster, though it has the namespace of its name. */
function inScope(scope: string, subject: RuleSubject): boolean {
  if (scope === '*') return true
  const inNamespace = subject.namespace !== undefined && !isNamespace(subject)
  return scope === 'Namespaced' ? inNamespace : !inNamespace
}

const EXEMPT = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])

/** What decides who may decide: no webhook may keep it from being mended. */
export const isExempt = ({ group, resource }: RuleSubject): boolean =>
  group === 'admissionregistration.k8s.io' && EXEMPT.has(resource)
