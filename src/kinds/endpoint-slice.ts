import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { EndpointPort, EndpointSlice } from './k8s/discovery.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { checkDnsLabel, checkDnsSubdomain } from './names.ts'
import { endpointSlices } from './refs.ts'
import {
  duplicate,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooMany,
} from './validate/field-error.ts'
import { validateReachableAddress } from './validate/ip-address.ts'
import { validateProtocol } from './validate/ports.ts'

export type { EndpointSlice } from './k8s/discovery.ts'

/** Label by which the slices of a Service are found. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'

export const ENDPOINTS_MAX = 1000
const PORTS_MAX = 20_000
const ADDRESSES_MAX = 100
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6']
const SHOWN_MAX = 3

function listCell(items: readonly string[]): string {
  if (items.length === 0) return '<unset>'
  const shown = items.slice(0, SHOWN_MAX).join(',')
  return items.length > SHOWN_MAX ? `${shown} + ${items.length - SHOWN_MAX} more...` : shown
}

const portCell = ({ port, name }: EndpointPort): string =>
  port === undefined ? name || '*' : String(port)

const ADDRESS_CHECKS: Readonly<Record<string, (address: string) => string[]>> = {
  IPv4: (address) => (isIP(address) === 4 ? [] : ['must be an IPv4 address']),
  IPv6: (address) => (isIP(address) === 6 ? [] : ['must be an IPv6 address']),
  FQDN: checkDnsSubdomain,
}

function validateEndpoints({ addressType, endpoints }: EndpointSlice): FieldError[] {
  const list = endpoints ?? []
  if (list.length > ENDPOINTS_MAX) return [tooMany('endpoints', list.length, ENDPOINTS_MAX)]
  const check = Object.hasOwn(ADDRESS_CHECKS, addressType) ? ADDRESS_CHECKS[addressType] : undefined
  return list.flatMap(({ addresses }, index) => {
    const field = `endpoints[${index}].addresses`
    if (!addresses?.length) return [required(field, 'must contain at least 1 address')]
    if (addresses.length > ADDRESSES_MAX) return [tooMany(field, addresses.length, ADDRESSES_MAX)]
    return addresses.flatMap((address, at) => {
      const errors = invalidEach(`${field}[${at}]`, address, check?.(address) ?? [])
      return errors.length > 0 || addressType === 'FQDN'
        ? errors
        : validateReachableAddress(`${field}[${at}]`, address)
    })
  })
}

function validatePorts(ports: readonly EndpointPort[]): FieldError[] {
  if (ports.length > PORTS_MAX) return [tooMany('ports', ports.length, PORTS_MAX)]
  const names = new Set<string>()
  return ports.flatMap(({ name = '', protocol }, index) => {
    const at = `ports[${index}]`
    const errors = name ? invalidEach(`${at}.name`, name, checkDnsLabel(name)) : []
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name))
    names.add(name)
    return [...errors, ...validateProtocol(`${at}.protocol`, protocol)]
  })
}

/** Without a spec, all but the metadata is what is asked for; labels say whose it is. */
const wishOf = ({ metadata, ...wish }: EndpointSlice) => ({ ...wish, labels: metadata.labels })

export const endpointSliceKind = defineKind<EndpointSlice>({
  ref: endpointSlices,
  schema: 'io.k8s.api.discovery.v1.EndpointSlice',
  hasGeneration: true,
  defaults(slice) {
    // Kubernetes shows both lists always: null when there is none.
    const lists = slice as { endpoints?: unknown; ports?: unknown }
    if (!slice.endpoints?.length) lists.endpoints = null
    if (!slice.ports?.length) lists.ports = null
    for (const endpoint of slice.endpoints ?? []) endpoint.conditions ??= {}
    for (const port of slice.ports ?? []) {
      port.name ??= ''
      port.protocol ||= 'TCP'
    }
  },
  prepare(slice, old) {
    if (old === undefined || isDeepStrictEqual(wishOf(slice), wishOf(old))) return
    slice.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  validate: (slice, old) => [
    ...(ADDRESS_TYPES.includes(slice.addressType)
      ? []
      : [
          slice.addressType
            ? notSupported('addressType', slice.addressType, ADDRESS_TYPES)
            : required('addressType'),
        ]),
    ...(old === undefined || old.addressType === slice.addressType
      ? []
      : [invalid('addressType', slice.addressType, IMMUTABLE)]),
    ...validateEndpoints(slice),
    ...validatePorts(slice.ports ?? []),
  ],
  columns: [
    nameColumn,
    column('AddressType', 'What its addresses are.', ({ addressType }) => addressType),
    column('Ports', 'Ports of every endpoint.', ({ ports }) =>
      listCell((ports ?? []).map(portCell)),
    ),
    column('Endpoints', 'Addresses.', ({ endpoints }) =>
      listCell((endpoints ?? []).flatMap(({ addresses }) => addresses)),
    ),
    ageColumn,
  ],
})
