import type { ResourceClaimTemplate } from './k8s/resource.ts'
import { ageColumn, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { defaultDeviceClaim } from './defaults/device-claim.ts'
import { resourceClaimTemplates } from './refs.ts'
import { validateDeviceClaim } from './validate/device-claim.ts'
import { deepEqual } from './validate/equal.ts'
import { IMMUTABLE, invalid } from './validate/field-error.ts'
import { validateAnnotations, validateLabels } from './validate/object-meta.ts'

export type { ResourceClaimTemplate } from './k8s/resource.ts'

export const resourceClaimTemplateKind = defineKind<ResourceClaimTemplate>({
  ref: resourceClaimTemplates,
  schema: 'io.k8s.api.resource.v1.ResourceClaimTemplate',
  defaults(template) {
    const spec = (template.spec ??= { spec: {} })
    spec.spec ??= {}
    defaultDeviceClaim(spec.spec.devices)
  },
  validate: ({ spec }, old) => [
    ...validateLabels(spec.metadata?.labels, 'spec.metadata.labels'),
    ...validateAnnotations(spec.metadata?.annotations, 'spec.metadata.annotations'),
    ...validateDeviceClaim(spec.spec.devices ?? {}, 'spec.spec.devices'),
    ...(old === undefined || deepEqual(spec, old.spec) ? [] : [invalid('spec', spec, IMMUTABLE)]),
  ],
  columns: [nameColumn, ageColumn],
})
