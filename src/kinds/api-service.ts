import type { APIService } from './k8s/apiregistration.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { conditionOf } from './meta.ts'
import { prepareStatus } from './prepare.ts'
import { apiServices } from './refs.ts'
import { validateAPIService } from './validate/api-service.ts'

export type { APIService } from './k8s/apiregistration.ts'

const HTTPS_PORT = 443

function availableCell({ status }: APIService): string {
  const condition = conditionOf(status?.conditions, 'Available')
  if (condition === undefined) return 'Unknown'
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`
}

export const apiServiceKind = defineKind<APIService>({
  ref: apiServices,
  schema: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  categories: ['api-extensions'],
  subresources: ['status'],
  nameRule: 'path-segment',
  defaults(service) {
    service.spec ??= {} as APIService['spec']
    service.spec.groupPriorityMinimum ??= 0
    service.spec.versionPriority ??= 0
    if (service.spec.service !== undefined) service.spec.service.port ??= HTTPS_PORT
  },
  validate: validateAPIService,
  prepare: prepareStatus({ initial: () => ({}) }),
  columns: [
    nameColumn,
    column('Service', 'Who serves the group and version.', ({ spec: { service } }) =>
      service === undefined ? 'Local' : `${service.namespace}/${service.name}`,
    ),
    column('Available', 'Whether it can be reached.', availableCell),
    ageColumn,
  ],
})
