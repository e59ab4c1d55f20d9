// Refuses definitions that cannot work.
import type { FieldError } from '#kinds/definition.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import type { AdmissionPlugin } from '../admission/plugin.ts'
import { invalidObject } from '../api-errors.ts'
import { checkDefinition } from './check-definition.ts'
import { CRD_GROUP, CRD_PLURAL } from './crd-names.ts'

export const definitionAdmission: AdmissionPlugin = {
  name: 'CustomResourceDefinitionSchema',
  validate({ group, resource, subresource, object, old, name }) {
    if (group !== CRD_GROUP || resource !== CRD_PLURAL || object === undefined) return
    const definition = object as CustomResourceDefinition
    // What was accepted before stays accepted: a label must not fail for the schema.
    if (subresource === 'status') return refuse(name, storedVersionErrors(definition))
    if (old !== undefined && deepEqual(definition.spec, (old as CustomResourceDefinition).spec))
      return
    const errors = [...checkDefinition(definition), ...storedVersionErrors(definition)]
    refuse(name, errors)
  },
}

function refuse(name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0)
    throw invalidObject({ group: CRD_GROUP, kind: 'CustomResourceDefinition' }, name, errors)
}

/** Objects may still be stored in versions that were once the one to store: they must stay readable. */
function storedVersionErrors({ spec, status }: CustomResourceDefinition): FieldError[] {
  const names = new Set(spec.versions.map(({ name }) => name))
  const stored = status?.storedVersions ?? []
  const errors = stored.flatMap((version, index) =>
    names.has(version)
      ? []
      : [
          invalid(
            `status.storedVersions[${index}]`,
            version,
            `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
          ),
        ],
  )
  const storage = spec.versions.find((one) => one.storage)?.name
  if (storage !== undefined && !stored.includes(storage))
    errors.push(
      invalid('status.storedVersions', stored, `must have the storage version ${storage}`),
    )
  return errors
}
