import type { IPAddress, ParentReference } from './k8s/networking.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { ipAddresses } from './refs.ts'
import { validateIPAddress, validateIPAddressUpdate } from './validate/ip-address-object.ts'

export type { IPAddress } from './k8s/networking.ts'

function parentCell({ group, resource, namespace, name }: Partial<ParentReference>): string {
  const type = group ? `${resource}.${group}` : resource
  return [type, namespace, name].filter(Boolean).join('/')
}

export const ipAddressKind = defineKind<IPAddress>({
  ref: ipAddresses,
  schema: 'io.k8s.api.networking.v1.IPAddress',
  shortNames: ['ip'],
  nameRule: 'path-segment',
  defaults(address) {
    address.spec ??= {} as IPAddress['spec']
  },
  validate: (address, old) => [
    ...validateIPAddress(address),
    ...(old === undefined ? [] : validateIPAddressUpdate(address.spec, old.spec)),
  ],
  columns: [
    nameColumn,
    column('ParentRef', 'What the address is given to.', ({ spec }) =>
      spec.parentRef === undefined ? '<none>' : parentCell(spec.parentRef),
    ),
    ageColumn,
  ],
  fields: {},
})
