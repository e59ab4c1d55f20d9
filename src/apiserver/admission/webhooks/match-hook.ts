// Which webhooks a request is put to, and in which version of its kind.
import type { ObjectReader } from '../plugin.ts'
import type { AdmissionRequest } from '../plugin.ts'
import { notFound } from '#base/errors.ts'
import type { KubeObject } from '#kinds/object.ts'
import { matchesRequirements } from '#kinds/label-selector.ts'
import type { ResourceRegistry, ServedResource } from '../../resources.ts'
import type { KindName, ResourceTriple } from './admission-review.ts'
import type { Hook } from './hook.ts'
import { asShown } from './subresource-view.ts'
import { isExempt, isNamespace, matchesRule, type RuleSubject } from './match-rules.ts'

export interface Invocation {
  hook: Hook
  /** The request as it is shown: the Scale of a `scale`, not the object behind it. */
  request: AdmissionRequest
  /** What the request is about, and as what the webhook knows it. */
  from: ServedResource
  to: ServedResource
}

export interface Matching {
  resources: ResourceRegistry
  reader: ObjectReader
}

/** Whether any webhook may be asked at all. */
export const isAskable = (request: AdmissionRequest): boolean =>
  request.byServer !== true && !isExempt(subjectOf(request))

export const subjectOf = ({
  operation,
  group,
  version,
  resource,
  subresource,
  namespace,
  name,
}: AdmissionRequest): RuleSubject => {
  const subject = { operation, group, version, resource, subresource, namespace }
  return isNamespace(subject) ? { ...subject, namespace: name } : subject
}

/** Undefined when the webhook does not apply; throws when its namespace is not there. */
export function matchHook(
  { resources, reader }: Matching,
  hook: Hook,
  request: AdmissionRequest,
): Invocation | undefined {
  const subject = subjectOf(request)
  const from = resources.find(subject.group, subject.version, subject.resource)
  if (from === undefined) return undefined
  const to = meantAs(resources, hook, subject, from)
  if (to === undefined || !matchesObject(hook, request)) return undefined
  if (!matchesNamespace(reader, hook, request, subject)) return undefined
  return { hook, request: asShown(request, from), from, to }
}

/** The first resource of the same objects that a rule names. */
function meantAs(
  resources: ResourceRegistry,
  { rules, equivalent }: Hook,
  subject: RuleSubject,
  from: ServedResource,
): ServedResource | undefined {
  if (rules.some((rule) => matchesRule(rule, subject))) return from
  if (!equivalent) return undefined
  const others = resources.all().filter((one) => one.prefix === from.prefix && one !== from)
  if (others.length === 0) return undefined
  for (const rule of rules)
    for (const other of others) {
      const { group, version, plural: resource } = other
      if (matchesRule(rule, { ...subject, group, version, resource })) return other
    }
  return undefined
}

function matchesObject({ objectSelector }: Hook, { object, old }: AdmissionRequest): boolean {
  if (objectSelector.length === 0) return true
  const matches = (one: KubeObject | undefined) =>
    one?.metadata !== undefined && matchesRequirements(objectSelector, one.metadata.labels)
  return matches(object) || matches(old)
}

function matchesNamespace(
  reader: ObjectReader,
  { namespaceSelector }: Hook,
  request: AdmissionRequest,
  subject: RuleSubject,
): boolean {
  const { namespace } = subject
  if (namespace === undefined || namespaceSelector.length === 0) return true
  // A namespace that is being written is judged by what it will be.
  const isWritten =
    isNamespace(subject) && subject.subresource === undefined && request.object !== undefined
  const found = isWritten ? request.object : reader.get('', 'namespaces', undefined, namespace)
  if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace)
  return matchesRequirements(namespaceSelector, found.metadata.labels)
}

export const kindOf = ({ group, version, kind }: ServedResource): KindName => ({
  group,
  version,
  kind,
})

export const tripleOf = ({ group, version, plural }: ServedResource): ResourceTriple => ({
  group,
  version,
  resource: plural,
})
