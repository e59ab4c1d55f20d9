// Field selectors: "metadata.name=a,status.phase!=Running".
import { badRequest } from '#base/errors.ts'
import type { KindDefinition } from './definition.ts'
import type { KubeObject } from './object.ts'

export interface FieldRequirement {
  field: string
  operator: '=' | '!='
  value: string
}

/** A backslash takes the meaning from a comma, an equals sign or a backslash after it. */
const TERM_SEPARATOR = /(?<=(?:^|[^\\])(?:\\\\)*),/
const TERM = /^((?:[^\\=!]|\\.|!(?!=))*)(==|=|!=)((?:[^\\=]|\\.)*)$/

function unescapeValue(value: string): string {
  return value.replaceAll(/\\([\\,=])/g, '$1')
}

/** Throws BadRequest when the text is no field selector. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return text
    .split(TERM_SEPARATOR)
    .filter((term) => term !== '')
    .map((term) => {
      const match = TERM.exec(term)
      if (match === null)
        throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
      const [, field = '', operator, value = ''] = match
      return { field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) }
    })
}

export function formatFieldSelector(requirements: readonly FieldRequirement[]): string {
  return requirements
    .map(
      ({ field, operator, value }) => `${field}${operator}${value.replaceAll(/[\\,=]/g, '\\$&')}`,
    )
    .join(',')
}

type FieldReader = (object: KubeObject) => string

const META_FIELDS: Readonly<Record<string, FieldReader>> = {
  'metadata.name': (object) => object.metadata.name,
  'metadata.namespace': (object) => object.metadata.namespace ?? '',
}

/**
 * A test of objects for a list or watch. Throws BadRequest when the kind does not support a field.
 */
export function fieldMatcher(
  requirements: readonly FieldRequirement[],
  { fields = {} }: Pick<KindDefinition, 'fields'>,
): (object: KubeObject) => boolean {
  const tests = requirements.map(({ field, operator, value }) => {
    const readers = Object.hasOwn(META_FIELDS, field) ? META_FIELDS : fields
    const read = Object.hasOwn(readers, field) ? readers[field] : undefined
    if (read === undefined) throw badRequest(`field label not supported: ${field}`)
    return (object: KubeObject) => (read(object) === value) === (operator === '=')
  })
  return (object) => tests.every((test) => test(object))
}
