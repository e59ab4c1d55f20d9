import type {
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
} from './k8s/apiextensions.ts'
import { createdColumn, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { keepField, prepareStatus } from './prepare.ts'
import { customResourceDefinitions } from './refs.ts'
import {
  validateDefinition,
  validateDefinitionUpdate,
} from './validate/custom-resource-definition.ts'

export type { CustomResourceDefinition } from './k8s/apiextensions.ts'

/** Before the names are accepted: Kubernetes shows the empty lists and names. */
const initialStatus = (): unknown => ({
  conditions: null,
  acceptedNames: { plural: '', kind: '' },
  storedVersions: [],
})

const statusRules = prepareStatus<CustomResourceDefinition>({
  initial: initialStatus,
  keepsLabels: true,
})

/** Versions that objects may be stored in are kept count of until someone migrates them. */
function noteStoredVersion({ spec, status }: CustomResourceDefinition): void {
  const storage = spec?.versions?.find((version) => version.storage)
  if (storage === undefined || status === undefined) return
  const stored = ((status as CustomResourceDefinitionStatus).storedVersions ??= [])
  if (!stored.includes(storage.name)) stored.push(storage.name)
}

export const customResourceDefinitionKind = defineKind<CustomResourceDefinition>({
  ref: customResourceDefinitions,
  schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  subresources: ['status'],
  hasGeneration: true,
  defaults({ spec }) {
    if (spec?.names === undefined) return
    if (spec.names.kind) {
      spec.names.singular ||= spec.names.kind.toLowerCase()
      spec.names.listKind ||= `${spec.names.kind}List`
    }
    spec.conversion ??= { strategy: 'None' }
  },
  validate: (definition, old) => [
    ...validateDefinition(definition),
    ...(old === undefined ? [] : validateDefinitionUpdate(definition, old)),
  ],
  prepare(definition, old, subresource) {
    statusRules(definition, old, subresource)
    if (subresource !== 'status') noteStoredVersion(definition)
    else if (old !== undefined)
      for (const key of ['annotations', 'finalizers', 'ownerReferences'] as const)
        keepField(definition.metadata, old.metadata, key)
  },
  columns: [nameColumn, createdColumn],
})
