// Everything wrong with a custom object: its metadata, what its schema says of each value, its lists, and
// the rules of its schema.
import type { FieldError } from '#kinds/definition.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { MetaRules } from '#kinds/validate/object-meta.ts'
import { validateMetadata } from '#kinds/validate/object-meta.ts'
import { validateEmbedded } from './embedded.ts'
import { validateListTypes } from './list-types.ts'
import type { RuleSet } from './rules/compile-rules.ts'
import { compileRules } from './rules/compile-rules.ts'
import { runRules } from './rules/run-rules.ts'
import type { Structural } from './structural-schema.ts'
import { validateStructural } from './validate-structural.ts'

/** A value of the wrong form is not put to the rules: they rely on the form. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

const NOT_CHECKED: FieldError = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
}

/** Values that a change leaves as they were may break what the schema says now. */
export function customValidation(
  schema: Structural,
  meta: MetaRules,
): (object: KubeObject, old: KubeObject | undefined) => FieldError[] {
  const checked = namesOfMetadata(schema)
  let rules: { set: RuleSet | undefined } | undefined
  return (object, old) => {
    const errors = [
      ...validateMetadata(object, old, meta),
      ...validateStructural(checked, object, { path: '', old }),
      ...validateEmbedded(schema, object, ''),
      ...listErrors(schema, object, old),
    ]
    // Compiled when first needed: most definitions are read far more often than their objects are written.
    rules ??= { set: compileRules(schema, true) }
    if (rules.set === undefined) return errors
    if (errors.some(({ reason }) => BLOCKING.has(reason))) return [...errors, NOT_CHECKED]
    return [...errors, ...runRules(rules.set, object, old)]
  }
}

function listErrors(
  schema: Structural,
  object: KubeObject,
  old: KubeObject | undefined,
): FieldError[] {
  const errors = validateListTypes(schema, object, '')
  if (errors.length === 0 || old === undefined) return errors
  return validateListTypes(schema, old, '').length > 0 ? [] : errors
}

/** Metadata has rules of its own; a schema may only narrow its name. */
function namesOfMetadata(schema: Structural): Structural {
  const { name, generateName } = schema.properties?.['metadata']?.properties ?? {}
  const properties = { ...(name && { name }), ...(generateName && { generateName }) }
  return { ...schema, properties: { ...schema.properties, metadata: { properties } } }
}
