// Judges the names of a CustomResourceDefinition: what it defines is served once they are accepted.
import type { Clock } from '#base/clock.ts'
import { rfc3339 } from '#base/clock.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionStatus,
} from '#kinds/k8s/apiextensions.ts'
import type { ObjectReader } from '../admission/plugin.ts'
import { CRD_GROUP, CRD_PLURAL } from './crd-names.ts'
import type { ResourceRegistry } from '../resources.ts'

export interface CrdStatusOptions {
  reader: ObjectReader
  resources: ResourceRegistry
  clock: Clock
}

/** The status that the definition's names give it now. */
export function judgedStatus(
  definition: CustomResourceDefinition,
  options: CrdStatusOptions,
): CustomResourceDefinitionStatus {
  const conflict = nameConflict(definition, options)
  const now = rfc3339(options.clock.now())
  const old = definition.status?.conditions ?? []
  const wasEstablished = old.some(({ type, status }) => type === 'Established' && status === 'True')
  const conditions: CustomResourceDefinitionCondition[] =
    conflict === undefined
      ? [
          condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'),
          condition(
            'Established',
            'True',
            'InitialNamesAccepted',
            'the initial names have been accepted',
          ),
        ]
      : [
          condition('NamesAccepted', 'False', conflict.reason, conflict.message),
          condition(
            'Established',
            wasEstablished ? 'True' : 'False',
            'NotAccepted',
            'not all names are accepted',
          ),
        ]
  const judged = new Set(conditions.map(({ type }) => type))
  return {
    ...definition.status,
    conditions: [
      ...conditions.map((one) => keepTime(one, old, now)),
      ...old.filter(({ type }) => !judged.has(type)),
    ],
    acceptedNames:
      conflict === undefined
        ? structuredClone(definition.spec.names)
        : (definition.status?.acceptedNames ?? { plural: '', kind: '' }),
  }
}

const condition = (type: string, status: string, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
})

/** A condition's time is that of its last change. */
function keepTime(
  one: CustomResourceDefinitionCondition,
  old: readonly CustomResourceDefinitionCondition[],
  now: string,
): CustomResourceDefinitionCondition {
  const before = old.find(({ type }) => type === one.type)
  const lastTransitionTime = before?.status === one.status ? before.lastTransitionTime : now
  return { ...one, lastTransitionTime: lastTransitionTime ?? now }
}

interface Conflict {
  reason: string
  message: string
}

function nameConflict(
  { metadata, spec }: CustomResourceDefinition,
  { reader, resources }: CrdStatusOptions,
): Conflict | undefined {
  const used = { resources: new Set<string>(), kinds: new Set<string>() }
  for (const one of resources.all()) {
    if (one.custom || one.group !== spec.group) continue
    const { singular, shortNames } = one.definition
    for (const name of [one.plural, singular, ...shortNames]) used.resources.add(name)
    used.kinds.add(one.kind).add(one.listKind)
  }
  const others = reader.list(CRD_GROUP, CRD_PLURAL) as CustomResourceDefinition[]
  for (const other of others) {
    if (other.spec.group !== spec.group || other.metadata.name === metadata.name) continue
    const { plural, singular, kind, listKind, shortNames } = other.status?.acceptedNames ?? {}
    for (const name of [plural, singular, ...(shortNames ?? [])]) if (name) used.resources.add(name)
    for (const name of [kind, listKind]) if (name) used.kinds.add(name)
  }
  const { plural, singular, kind, listKind, shortNames = [] } = spec.names
  const clash = (reason: string, name: string | undefined, set: Set<string>) =>
    name && set.has(name)
      ? { reason, message: `${JSON.stringify(name)} is already in use` }
      : undefined
  return (
    clash('PluralConflict', plural, used.resources) ??
    clash('SingularConflict', singular, used.resources) ??
    clash(
      'ShortNamesConflict',
      shortNames.find((name) => used.resources.has(name)),
      used.resources,
    ) ??
    clash('KindConflict', kind, used.kinds) ??
    clash('ListKindConflict', listKind, used.kinds)
  )
}
