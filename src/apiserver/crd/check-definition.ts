// What a definition's schemas may not say: checked once here, so that objects can rely on it.
import type { FieldError } from '#kinds/definition.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import { forbidden, invalid, required } from '#kinds/validate/field-error.ts'
import { isRecord } from '../body.ts'
import { compileJsonPath } from './json-path.ts'
import type { Structural } from './structural-schema.ts'
import { itemsOf, valuesOf } from './structural-schema.ts'
import { validateStructural } from './validate-structural.ts'

const DEPTH_MAX = 60

export function checkDefinition({ spec }: CustomResourceDefinition): FieldError[] {
  return spec.versions.flatMap((version, index) => {
    const at = `spec.versions[${index}]`
    const root = version.schema?.openAPIV3Schema
    const columns = (version.additionalPrinterColumns ?? []).flatMap(({ jsonPath }, column) =>
      compileJsonPath(jsonPath) === undefined
        ? [
            invalid(
              `${at}.additionalPrinterColumns[${column}].jsonPath`,
              jsonPath,
              'only fields, indices, [*] and filters on one field are supported',
            ),
          ]
        : [],
    )
    const schemaAt = `${at}.schema.openAPIV3Schema`
    return [...columns, ...(root === undefined ? [] : checkSchema(root, schemaAt, 0))]
  })
}

function checkSchema(schema: Structural, at: string, depth: number): FieldError[] {
  if (depth > DEPTH_MAX) return [invalid(at, '...', `nested deeper than ${DEPTH_MAX} levels`)]
  const errors: FieldError[] = []
  if (schema.$ref !== undefined) errors.push(forbidden(`${at}.$ref`, '$ref is not supported'))
  if (schema.uniqueItems)
    errors.push(
      forbidden(
        `${at}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  if (isUntyped(schema))
    errors.push(required(`${at}.type`, 'must not be empty for specified object fields'))
  if (schema.pattern !== undefined) errors.push(...checkPattern(schema.pattern, `${at}.pattern`))
  const deeper = (child: Structural, path: string) => checkSchema(child, path, depth + 1)
  for (const [key, property] of Object.entries(schema.properties ?? {}))
    errors.push(...deeper(property, `${at}.properties[${key}]`))
  const items = itemsOf(schema)
  if (items !== undefined) errors.push(...deeper(items, `${at}.items`))
  else if (schema.type === 'array') errors.push(required(`${at}.items`, 'must be specified'))
  const values = valuesOf(schema)
  if (values !== undefined) errors.push(...deeper(values, `${at}.additionalProperties`))
  if (errors.length === 0 && schema.default !== undefined)
    errors.push(...validateStructural(schema, schema.default, `${at}.default`))
  return errors
}

function isUntyped(schema: Structural): boolean {
  const isFree =
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    schema['x-kubernetes-int-or-string'] === true
  return !schema.type && !isFree && !isRecord(schema.allOf)
}

function checkPattern(pattern: string, at: string): FieldError[] {
  try {
    new RegExp(pattern)
    return []
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [invalid(at, pattern, `must be a valid regular expression, but isn't: ${error.message}`)]
  }
}
