import type { ResourceQuota } from './k8s/core.ts'
import type { Quantity } from './object.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { canonicalizeQuantities } from './quantity.ts'
import { resourceQuotas } from './refs.ts'
import { validateResourceQuota } from './validate/resource-quota.ts'

export type { ResourceQuota } from './k8s/core.ts'

/** "pods: 1/10, requests.cpu: 0/2": used and hard amounts in the order of their names. */
function usage({ status }: ResourceQuota, isShown: (name: string) => boolean): string {
  return Object.entries<Quantity>(status?.hard ?? {})
    .filter(([name]) => isShown(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ')
}

const isLimit = (name: string): boolean => name.startsWith('limits')

export const resourceQuotaKind = defineKind<ResourceQuota>({
  ref: resourceQuotas,
  schema: 'io.k8s.api.core.v1.ResourceQuota',
  shortNames: ['quota'],
  subresources: ['status'],
  defaults(quota) {
    quota.spec ??= {}
    canonicalizeQuantities(quota.spec.hard)
    canonicalizeQuantities(quota.status?.hard)
    canonicalizeQuantities(quota.status?.used)
  },
  validate: validateResourceQuota,
  prepare: prepareStatus({ initial: () => ({}) }),
  columns: [
    nameColumn,
    column('Request', 'What is used and allowed, but limits.', (quota) =>
      usage(quota, (name) => !isLimit(name)),
    ),
    column('Limit', 'Limits that are set and allowed.', (quota) => usage(quota, isLimit)),
    ageColumn,
  ],
})
