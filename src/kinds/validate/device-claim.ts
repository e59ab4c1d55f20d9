// What a claim asks of devices: requests, what must hold between them, and how they are set up.
import type { FieldError } from '../definition.ts'
import type {
  DeviceClaim,
  DeviceClassSpec,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
} from '../k8s/resource.ts'
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from '../names.ts'
import { duplicate, invalid, invalidEach, notSupported, required, tooMany } from './field-error.ts'

const ALLOCATION_MODES = ['All', 'ExactCount']
const REQUESTS_MAX = 32
const SUB_REQUESTS_MAX = 8
const SELECTORS_MAX = 32
const DRIVER_LENGTH_MAX = 63

export function validateDeviceClaim(claim: DeviceClaim, field: string): FieldError[] {
  const { requests = [], constraints = [], config = [] } = claim
  const names = new Set(requests.flatMap(namesOf))
  return [
    ...bounded(`${field}.requests`, requests, REQUESTS_MAX),
    ...unique(`${field}.requests`, requests),
    ...requests.flatMap((request, i) => validateRequest(request, `${field}.requests[${i}]`)),
    ...bounded(`${field}.constraints`, constraints, REQUESTS_MAX),
    ...constraints.flatMap((constraint, i) =>
      validateConstraint(constraint, `${field}.constraints[${i}]`, names),
    ),
    ...bounded(`${field}.config`, config, REQUESTS_MAX),
    ...config.flatMap(({ requests: of, opaque }, i) => [
      ...known(of, `${field}.config[${i}].requests`, names),
      ...validateOpaque(opaque, `${field}.config[${i}]`),
    ]),
  ]
}

export function validateDeviceClass(
  { selectors, config = [] }: DeviceClassSpec,
  field: string,
): FieldError[] {
  return [
    ...validateSelectors(selectors, `${field}.selectors`),
    ...bounded(`${field}.config`, config, REQUESTS_MAX),
    ...config.flatMap(({ opaque }, i) => validateOpaque(opaque, `${field}.config[${i}]`)),
  ]
}

/** Parts of a request are named "request/part". */
const namesOf = ({ name, firstAvailable = [] }: DeviceRequest): string[] => [
  name,
  ...firstAvailable.map((part) => `${name}/${part.name}`),
]

function validateRequest(request: DeviceRequest, field: string): FieldError[] {
  const { name, exactly, firstAvailable = [] } = request
  const errors = validateName(name, `${field}.name`)
  if (exactly === undefined && firstAvailable.length === 0)
    return [...errors, required(field, 'exactly one of `exactly` or `firstAvailable` is required')]
  if (exactly !== undefined && firstAvailable.length > 0)
    return [
      ...errors,
      invalid(
        field,
        '',
        'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
      ),
    ]
  if (exactly !== undefined) return [...errors, ...validateExact(exactly, `${field}.exactly`)]
  const at = `${field}.firstAvailable`
  return [
    ...errors,
    ...bounded(at, firstAvailable, SUB_REQUESTS_MAX),
    ...unique(at, firstAvailable),
    ...firstAvailable.flatMap((part, i) => [
      ...validateName(part.name, `${at}[${i}].name`),
      ...validateExact(part, `${at}[${i}]`),
    ]),
  ]
}

function validateExact(
  request: ExactDeviceRequest | DeviceSubRequest,
  field: string,
): FieldError[] {
  const { deviceClassName, selectors, allocationMode, count } = request
  const errors = deviceClassName
    ? invalidEach(`${field}.deviceClassName`, deviceClassName, checkDnsSubdomain(deviceClassName))
    : [required(`${field}.deviceClassName`)]
  errors.push(...validateSelectors(selectors, `${field}.selectors`))
  if (allocationMode === 'ExactCount') {
    if ((count ?? 0) <= 0)
      errors.push(invalid(`${field}.count`, count ?? 0, 'must be greater than zero'))
  } else if (allocationMode === 'All') {
    if (count)
      errors.push(
        invalid(`${field}.count`, count, `must not be specified when allocationMode is 'All'`),
      )
  } else
    errors.push(notSupported(`${field}.allocationMode`, allocationMode ?? '', ALLOCATION_MODES))
  return errors
}

function validateSelectors(
  selectors: readonly DeviceSelector[] | undefined,
  field: string,
): FieldError[] {
  return [
    ...bounded(field, selectors ?? [], SELECTORS_MAX),
    ...(selectors ?? []).flatMap(({ cel }, i) => {
      if (cel === undefined) return [required(`${field}[${i}].cel`)]
      return cel.expression ? [] : [required(`${field}[${i}].cel.expression`)]
    }),
  ]
}

function validateConstraint(
  { requests, matchAttribute, distinctAttribute }: DeviceConstraint,
  field: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors = known(requests, `${field}.requests`, names)
  if (matchAttribute === undefined && distinctAttribute === undefined)
    return [...errors, required(`${field}.matchAttribute`)]
  for (const [key, attribute] of Object.entries({ matchAttribute, distinctAttribute })) {
    if (attribute === undefined) continue
    const at = `${field}.${key}`
    if (!attribute.includes('/')) errors.push(invalid(at, attribute, 'must include a domain'))
    else errors.push(...invalidEach(at, attribute, checkQualifiedName(attribute)))
  }
  return errors
}

/** "gpu" stands for all parts of that request too. */
function known(
  requests: readonly string[] | undefined,
  field: string,
  names: ReadonlySet<string>,
): FieldError[] {
  return (requests ?? []).flatMap((name, i, all) => {
    if (!names.has(name))
      return [
        invalid(
          `${field}[${i}]`,
          name,
          "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
        ),
      ]
    return all.indexOf(name) < i ? [duplicate(`${field}[${i}]`, name)] : []
  })
}

export function validateDriver(driver: string | undefined, field: string): FieldError[] {
  if (!driver) return [required(field)]
  if (driver.length > DRIVER_LENGTH_MAX)
    return [invalid(field, driver, `must be no more than ${DRIVER_LENGTH_MAX} characters`)]
  return invalidEach(field, driver, checkDnsSubdomain(driver))
}

function validateOpaque(
  opaque: OpaqueDeviceConfiguration | undefined,
  field: string,
): FieldError[] {
  if (opaque === undefined)
    return [required(field, 'exactly one of the configuration types is required')]
  const at = `${field}.opaque`
  const { driver, parameters } = opaque
  const errors = validateDriver(driver, `${at}.driver`)
  if (parameters === undefined || parameters === null) errors.push(required(`${at}.parameters`))
  else if (typeof parameters !== 'object' || Array.isArray(parameters))
    errors.push(invalid(`${at}.parameters`, '<value omitted>', 'must be a valid JSON object'))
  return errors
}

function validateName(name: string | undefined, field: string): FieldError[] {
  return name ? invalidEach(field, name, checkDnsLabel(name)) : [required(field)]
}

function unique(field: string, items: readonly { name: string }[]): FieldError[] {
  const names = items.map(({ name }) => name)
  return names.flatMap((name, i) =>
    names.indexOf(name) < i ? [duplicate(`${field}[${i}].name`, name)] : [],
  )
}

export const bounded = (field: string, items: readonly unknown[], itemsMax: number): FieldError[] =>
  items.length > itemsMax ? [tooMany(field, items.length, itemsMax)] : []
