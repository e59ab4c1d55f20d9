// Refuses definitions that cannot work.
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { AdmissionPlugin } from '../admission/plugin.ts'
import { invalidObject } from '../api-errors.ts'
import { checkDefinition } from './check-definition.ts'
import { CRD_GROUP, CRD_PLURAL } from './crd-names.ts'

export const definitionAdmission: AdmissionPlugin = {
  name: 'CustomResourceDefinitionSchema',
  validate({ group, resource, object, old, name }) {
    if (group !== CRD_GROUP || resource !== CRD_PLURAL || object === undefined) return
    const definition = object as CustomResourceDefinition
    // What was accepted before stays accepted: a status must not fail for the schema.
    if (old !== undefined && deepEqual(definition.spec, (old as CustomResourceDefinition).spec))
      return
    const errors = checkDefinition(definition)
    if (errors.length > 0)
      throw invalidObject({ group, kind: 'CustomResourceDefinition' }, name, errors)
  },
}
