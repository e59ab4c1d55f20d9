// A definition of a custom kind: names, versions, and that each version has a schema. What the schema
// itself may say is checked where schemas are compiled.
import type { FieldError } from '../definition.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from '../k8s/apiextensions.ts'
import { checkDnsSubdomain } from '../names.ts'
import { conditionOf } from '../meta.ts'
import { IMMUTABLE, invalid, invalidEach, notSupported, required } from './field-error.ts'

const SCOPES = ['Cluster', 'Namespaced']
const LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/
const LABEL_MESSAGE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

const checkLabel = (value: string): string[] => (LABEL.test(value) ? [] : [LABEL_MESSAGE])

export function validateDefinition({ metadata, spec }: CustomResourceDefinition): FieldError[] {
  if (spec === undefined) return [required('spec')]
  const errors: FieldError[] = []
  const { group, names, scope } = spec
  if (metadata.name !== `${names?.plural ?? ''}.${group ?? ''}`)
    errors.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
  return [
    ...errors,
    ...validateGroup(group),
    ...validateScope(scope),
    ...validateVersions(spec.versions ?? []),
    ...validateNames(names ?? { plural: '', kind: '' }),
  ]
}

function validateGroup(group: string | undefined): FieldError[] {
  if (!group) return [required('spec.group')]
  const errors = invalidEach('spec.group', group, checkDnsSubdomain(group))
  return errors.length === 0 && !group.includes('.')
    ? [invalid('spec.group', group, 'should be a domain with at least one dot')]
    : errors
}

function validateScope(scope: string | undefined): FieldError[] {
  if (!scope) return [required('spec.scope')]
  return SCOPES.includes(scope) ? [] : [notSupported('spec.scope', scope, SCOPES)]
}

function validateVersions(versions: readonly CustomResourceDefinitionVersion[]): FieldError[] {
  const errors: FieldError[] = []
  const names = versions.map(({ name }) => name)
  for (const [index, version] of versions.entries())
    errors.push(...validateVersion(version, `spec.versions[${index}]`))
  if (new Set(names).size < names.length)
    errors.push(invalid('spec.versions', names, 'must contain unique version names'))
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(
      invalid('spec.versions', names, 'must have exactly one version marked as storage version'),
    )
  return errors
}

function validateVersion(
  { name, schema }: CustomResourceDefinitionVersion,
  field: string,
): FieldError[] {
  const errors = invalidEach(`${field}.name`, name, checkLabel(name))
  const at = `${field}.schema.openAPIV3Schema`
  const root = schema?.openAPIV3Schema
  if (root === undefined) errors.push(required(at))
  else if (!root.type) errors.push(required(`${at}.type`, 'must not be empty at the root'))
  else if (root.type !== 'object')
    errors.push(invalid(`${at}.type`, root.type, 'must be object at the root'))
  return errors
}

function validateNames(names: CustomResourceDefinitionNames): FieldError[] {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names
  const at = 'spec.names'
  const errors: FieldError[] = []
  if (!plural) errors.push(required(`${at}.plural`))
  else errors.push(...invalidEach(`${at}.plural`, plural, checkLabel(plural)))
  if (singular) errors.push(...invalidEach(`${at}.singular`, singular, checkLabel(singular)))
  if (!kind) errors.push(required(`${at}.kind`))
  else errors.push(...invalidEach(`${at}.kind`, kind, checkLabel(kind.toLowerCase())))
  if (listKind)
    errors.push(...invalidEach(`${at}.listKind`, listKind, checkLabel(listKind.toLowerCase())))
  if (kind && kind === listKind)
    errors.push(invalid(`${at}.listKind`, listKind, 'kind and listKind may not be the same'))
  for (const [index, name] of shortNames.entries())
    errors.push(...invalidEach(`${at}.shortNames[${index}]`, name, checkLabel(name)))
  for (const [index, name] of categories.entries())
    errors.push(...invalidEach(`${at}.categories[${index}]`, name, checkLabel(name)))
  return errors
}

/** What paths and stored objects hang on stays; the rest once the names are established. */
export function validateDefinitionUpdate(
  { spec }: CustomResourceDefinition,
  { spec: old, status }: CustomResourceDefinition,
): FieldError[] {
  const errors: FieldError[] = []
  const fix = (field: string, value: unknown, before: unknown): void => {
    if (value !== before) errors.push(invalid(field, value, IMMUTABLE))
  }
  fix('spec.group', spec.group, old.group)
  fix('spec.names.plural', spec.names.plural, old.names.plural)
  if (conditionOf(status?.conditions ?? [], 'Established')?.status !== 'True') return errors
  fix('spec.scope', spec.scope, old.scope)
  fix('spec.names.kind', spec.names.kind, old.names.kind)
  return errors
}
