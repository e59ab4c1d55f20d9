// What a definition may not say: checked once here, so that objects can rely on it.
import type { FieldError } from '#kinds/definition.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '#kinds/k8s/apiextensions.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { checkColumns } from './check/check-columns.ts'
import { checkScale } from './check/check-scale.ts'
import { checkSchema } from './check/check-schema.ts'
import { checkSelectableFields } from './check/check-selectable-fields.ts'

export function checkDefinition({ spec }: CustomResourceDefinition): FieldError[] {
  const errors: FieldError[] = []
  if (spec.preserveUnknownFields === true)
    errors.push(
      invalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    )
  for (const part of PARTS) {
    const read = (version: CustomResourceDefinitionVersion) => version[part.key]
    const [first, ...rest] = spec.versions
    if (first === undefined) return errors
    // Kubernetes speaks of what all versions share as if it stood in the definition itself.
    if (rest.every((version) => deepEqual(read(version), read(first))))
      errors.push(...part.check(first, part.sharedAt))
    else
      for (const [index, version] of spec.versions.entries())
        errors.push(...part.check(version, `spec.versions[${index}].${part.key}`))
  }
  return errors
}

interface Part {
  key: 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'
  sharedAt: string
  check(version: CustomResourceDefinitionVersion, at: string): FieldError[]
}

const PARTS: readonly Part[] = [
  {
    key: 'schema',
    sharedAt: 'spec.validation',
    check: ({ schema }, at) =>
      schema?.openAPIV3Schema === undefined
        ? []
        : checkSchema(schema.openAPIV3Schema, `${at}.openAPIV3Schema`),
  },
  {
    key: 'subresources',
    sharedAt: 'spec.subresources',
    check: ({ subresources }, at) =>
      subresources?.scale === undefined ? [] : checkScale(subresources.scale, `${at}.scale`),
  },
  {
    key: 'additionalPrinterColumns',
    sharedAt: 'spec.additionalPrinterColumns',
    check: ({ additionalPrinterColumns = [] }, at) => checkColumns(additionalPrinterColumns, at),
  },
  {
    key: 'selectableFields',
    sharedAt: 'spec.selectableFields',
    check: ({ selectableFields = [], schema }, at) =>
      checkSelectableFields(selectableFields, schema?.openAPIV3Schema, at),
  },
]
