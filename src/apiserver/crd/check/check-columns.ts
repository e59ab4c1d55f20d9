import type { FieldError } from '#kinds/definition.ts'
import type { CustomResourceColumnDefinition } from '#kinds/k8s/apiextensions.ts'
import { invalid, oneOf, required } from '#kinds/validate/field-error.ts'
import { compileJsonPath } from '../json-path.ts'

const TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

export function checkColumns(
  columns: readonly CustomResourceColumnDefinition[],
  at: string,
): FieldError[] {
  return columns.flatMap(({ name, type, format, jsonPath }, index) => {
    const column = `${at}[${index}]`
    const errors: FieldError[] = []
    if (!name) errors.push(required(`${column}.name`))
    if (!type) errors.push(required(`${column}.type`, `must be one of ${TYPES.join(',')}`))
    else errors.push(...oneOf(`${column}.type`, type, TYPES))
    if (format) errors.push(...oneOf(`${column}.format`, format, FORMATS))
    if (!jsonPath) errors.push(required(`${column}.jsonPath`))
    else if (compileJsonPath(jsonPath) === undefined)
      errors.push(
        invalid(
          `${column}.jsonPath`,
          jsonPath,
          'only fields, indices, [*] and filters on one field are supported',
        ),
      )
    return errors
  })
}
