import { isIP } from 'node:net'
import type { EndpointAddress, EndpointSubset, Endpoints } from './k8s/core.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { checkDnsLabel } from './names.ts'
import { endpoints } from './refs.ts'
import { invalidEach, required } from './validate/field-error.ts'
import { validateReachableAddress } from './validate/ip-address.ts'
import { validatePortNumber, validateProtocol } from './validate/ports.ts'

export type { Endpoints } from './k8s/core.ts'

const SHOWN_MAX = 3

function endpointsCell({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (isIP(ip) === 6 ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  )
  if (all.length === 0) return '<none>'
  const shown = all.slice(0, SHOWN_MAX).join(',')
  return all.length > SHOWN_MAX ? `${shown} + ${all.length - SHOWN_MAX} more...` : shown
}

const validateAddresses = (addresses: readonly EndpointAddress[], field: string): FieldError[] =>
  addresses.flatMap(({ ip }, index) => validateReachableAddress(`${field}[${index}].ip`, ip))

function validateSubset(subset: EndpointSubset, field: string): FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset
  const errors: FieldError[] = []
  if (addresses.length === 0 && notReadyAddresses.length === 0)
    errors.push(required(field, 'must specify `addresses` or `notReadyAddresses`'))
  errors.push(
    ...validateAddresses(addresses, `${field}.addresses`),
    ...validateAddresses(notReadyAddresses, `${field}.notReadyAddresses`),
  )
  for (const [index, { name, port, protocol }] of ports.entries()) {
    const at = `${field}.ports[${index}]`
    if (name) errors.push(...invalidEach(`${at}.name`, name, checkDnsLabel(name)))
    else if (ports.length > 1) errors.push(required(`${at}.name`))
    errors.push(
      ...validatePortNumber(`${at}.port`, port),
      ...validateProtocol(`${at}.protocol`, protocol),
    )
  }
  return errors
}

export const endpointsKind = defineKind<Endpoints>({
  ref: endpoints,
  schema: 'io.k8s.api.core.v1.Endpoints',
  shortNames: ['ep'],
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  defaults(object) {
    const { subsets } = object
    if (subsets?.length === 0) delete object.subsets
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ||= 'TCP'
  },
  validate: ({ subsets = [] }) =>
    subsets.flatMap((subset, index) => validateSubset(subset, `subsets[${index}]`)),
  columns: [
    nameColumn,
    column('Endpoints', 'Ready addresses and their ports.', endpointsCell),
    ageColumn,
  ],
})
