// Which requests a policy, and a binding of it, is about.
import { notFound } from '#base/errors.ts'
import type { MatchResources, NamedRuleWithOperations } from '#kinds/k8s/admissionregistration.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { ResourceRegistry, ServedResource } from '../../resources.ts'
import type { AdmissionRequest, ObjectReader } from '../plugin.ts'
import { subjectOf } from '../webhooks/match-hook.ts'
import { isNamespace, matchesRule, type RuleSubject } from '../webhooks/match-rules.ts'

export interface Matching {
  resources: ResourceRegistry
  reader: ObjectReader
}

/** The resource as which the request is meant; undefined when it is not. */
export function meantResource(
  { resources, reader }: Matching,
  match: MatchResources | undefined,
  request: AdmissionRequest,
): ServedResource | undefined {
  const subject = subjectOf(request)
  const from = resources.find(subject.group, subject.version, subject.resource)
  if (from === undefined || match === undefined) return from
  const { namespaceSelector, objectSelector, excludeResourceRules = [], resourceRules } = match
  if (!objectMatches(objectSelector, request)) return undefined
  if (!namespaceMatches(reader, namespaceSelector, { request, subject })) return undefined
  const forms = [
    from,
    ...(match.matchPolicy === 'Exact'
      ? []
      : resources.all().filter((one) => one.prefix === from.prefix && one !== from)),
  ]
  const meantBy = (rules: readonly NamedRuleWithOperations[]) =>
    forms.find((form) =>
      rules.some((rule) => ruleMatches(rule, subject, { form, name: request.name })),
    )
  if (excludeResourceRules.length > 0 && meantBy(excludeResourceRules) !== undefined)
    return undefined
  return resourceRules === undefined || resourceRules.length === 0 ? from : meantBy(resourceRules)
}

function ruleMatches(
  rule: NamedRuleWithOperations,
  subject: RuleSubject,
  { form, name }: { form: ServedResource; name: string },
): boolean {
  const { resourceNames = [] } = rule
  if (resourceNames.length > 0 && !resourceNames.includes(name)) return false
  const { group, version, plural: resource } = form
  return matchesRule(rule, { ...subject, group, version, resource })
}

const isEmpty = (selector: LabelSelector | undefined): selector is undefined =>
  selector === undefined ||
  (Object.keys(selector.matchLabels ?? {}).length === 0 &&
    (selector.matchExpressions ?? []).length === 0)

function objectMatches(selector: LabelSelector | undefined, request: AdmissionRequest): boolean {
  if (isEmpty(selector)) return true
  const matches = (one: KubeObject | undefined) =>
    one?.metadata !== undefined && matchesLabelSelector(selector, one.metadata.labels)
  return matches(request.object) || matches(request.old)
}

function namespaceMatches(
  reader: ObjectReader,
  selector: LabelSelector | undefined,
  { request, subject }: { request: AdmissionRequest; subject: RuleSubject },
): boolean {
  const { namespace } = subject
  if (isEmpty(selector) || namespace === undefined) return true
  // A namespace that is being written is judged by what it will be.
  const isWritten =
    isNamespace(subject) && subject.subresource === undefined && request.object !== undefined
  const found = isWritten ? request.object : reader.get('', 'namespaces', undefined, namespace)
  if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace)
  return matchesLabelSelector(selector, found.metadata.labels)
}
