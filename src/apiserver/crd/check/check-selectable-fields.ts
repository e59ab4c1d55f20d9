import type { FieldError } from '#kinds/definition.ts'
import type { SelectableField } from '#kinds/k8s/apiextensions.ts'
import { duplicate, invalid, required, tooMany } from '#kinds/validate/field-error.ts'
import type { Structural } from '../structural-schema.ts'

const FIELDS_MAX = 8
const TYPES = new Set(['string', 'boolean', 'integer'])
const PATH = /^(\.[A-Za-z_][\w-]*)+$/

export function checkSelectableFields(
  fields: readonly SelectableField[],
  schema: Structural | undefined,
  at: string,
): FieldError[] {
  if (fields.length > FIELDS_MAX) return [tooMany(at, fields.length, FIELDS_MAX)]
  const seen = new Set<string>()
  return fields.flatMap(({ jsonPath }, index) => {
    const field = `${at}[${index}].jsonPath`
    if (!jsonPath) return [required(field)]
    const wrong = problem(jsonPath, schema)
    if (wrong !== undefined) return [invalid(field, jsonPath, wrong)]
    if (seen.has(jsonPath)) return [duplicate(field, jsonPath)]
    seen.add(jsonPath)
    return []
  })
}

function problem(path: string, schema: Structural | undefined): string | undefined {
  if (!PATH.test(path)) return 'is an invalid path: only fields in dot notation are supported'
  const [first, ...rest] = path.slice(1).split('.')
  if (first === 'metadata') return 'must not point to fields in metadata'
  let here = schema?.properties?.[first!]
  for (const name of rest) here = here?.properties?.[name]
  if (here === undefined) return 'is an invalid path: does not refer to a valid field'
  return TYPES.has(here.type ?? '')
    ? undefined
    : 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
}
