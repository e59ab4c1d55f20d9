// What is wrong with a LimitRange.
import type { FieldError } from '../definition.ts'
import type { LimitRange, LimitRangeItem } from '../k8s/core.ts'
import type { Quantity } from '../object.ts'
import { checkQualifiedName } from '../names.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import { HUGE_PAGES, isQuotaResource } from '../quota/resources.ts'
import { duplicate, forbidden, invalid, invalidEach, required } from './field-error.ts'

const TYPES = new Set(['Pod', 'Container', 'PersistentVolumeClaim'])
const OF_CONTAINERS = new Set(['cpu', 'memory', 'ephemeral-storage'])

type Amounts = Record<string, Quantity> | undefined

export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const limits = spec?.limits ?? []
  return limits.flatMap((item, index) => {
    const field = `spec.limits[${index}]`
    const isSecond = limits.slice(0, index).some(({ type }) => type === item.type)
    return [
      ...validateType(item.type ?? '', `${field}.type`),
      ...(isSecond ? [duplicate(`${field}.type`, item.type)] : []),
      ...validateNames(item, field),
      ...validateShape(item, field),
      ...[...namesOf(item)].flatMap((name) => validateOrder(item, name, field)),
    ]
  })
}

function validateType(type: string, field: string): FieldError[] {
  const errors = invalidEach(field, type, checkQualifiedName(type))
  if (errors.length > 0 || type.includes('/') || TYPES.has(type)) return errors
  return [invalid(field, type, 'must be a standard limit type or fully qualified')]
}

const isOfPods = ({ type }: LimitRangeItem): boolean => type === 'Pod'

/** The lists that count; defaults of pods are refused as a whole. */
function listsOf(item: LimitRangeItem): [key: string, amounts: Amounts][] {
  const { max, min, maxLimitRequestRatio, defaultRequest } = item
  return [
    ['max', max],
    ['min', min],
    ...(isOfPods(item)
      ? []
      : ([
          ['default', item.default],
          ['defaultRequest', defaultRequest],
        ] satisfies [string, Amounts][])),
    ['maxLimitRequestRatio', maxLimitRequestRatio],
  ]
}

const namesOf = (item: LimitRangeItem): Set<string> =>
  new Set(listsOf(item).flatMap(([, amounts]) => Object.keys(amounts ?? {})))

function validateNames(item: LimitRangeItem, field: string): FieldError[] {
  const ofContainers = item.type === 'Pod' || item.type === 'Container'
  return listsOf(item).flatMap(([key, amounts]) =>
    Object.keys(amounts ?? {}).flatMap((name) =>
      validateName(name, `${field}.${key}[${name}]`, ofContainers),
    ),
  )
}

function validateName(name: string, field: string, ofContainers: boolean): FieldError[] {
  const errors = invalidEach(field, name, checkQualifiedName(name))
  if (errors.length > 0 || name.includes('/')) return errors
  if (!isQuotaResource(name) && name !== 'storage')
    errors.push(invalid(field, name, 'must be a standard resource type or fully qualified'))
  if (ofContainers && !OF_CONTAINERS.has(name) && !name.startsWith(HUGE_PAGES))
    errors.push(invalid(field, name, 'must be a standard resource for containers'))
  return errors
}

function validateShape(item: LimitRangeItem, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (isOfPods(item))
    for (const key of ['default', 'defaultRequest'] as const)
      if (Object.keys(item[key] ?? {}).length > 0)
        errors.push(forbidden(`${field}.${key}`, "may not be specified when `type` is 'Pod'"))
  const bounds = [item.min?.['storage'], item.max?.['storage']]
  if (item.type === 'PersistentVolumeClaim' && bounds.every((bound) => bound === undefined))
    errors.push(
      required(
        `${field}.limits`,
        'either minimum or maximum storage value is required, but neither was provided',
      ),
    )
  return errors
}

/** One bound of a resource, as messages call it. */
interface Bound {
  key: 'min' | 'max' | 'default' | 'defaultRequest'
  called: string
}
const MIN: Bound = { key: 'min', called: 'min value' }
const MAX: Bound = { key: 'max', called: 'max value' }
const DEFAULT: Bound = { key: 'default', called: 'default value' }
const DEFAULT_LIMIT: Bound = { key: 'default', called: 'default limit value' }
const REQUEST: Bound = { key: 'defaultRequest', called: 'default request value' }

/** What must not be above what, which field is blamed, and whose value the message shows. */
const ORDER: readonly (readonly [low: Bound, high: Bound, blamed: Bound['key'], shown: Bound])[] = [
  [MIN, MAX, 'min', MIN],
  [MIN, REQUEST, 'defaultRequest', REQUEST],
  [REQUEST, MAX, 'defaultRequest', REQUEST],
  [REQUEST, DEFAULT_LIMIT, 'defaultRequest', REQUEST],
  [MIN, DEFAULT, 'default', MIN],
  [DEFAULT, MAX, 'default', MAX],
]

function validateOrder(item: LimitRangeItem, name: string, field: string): FieldError[] {
  const amount = ({ key }: Bound): Quantity | undefined =>
    isOfPods(item) && (key === 'default' || key === 'defaultRequest')
      ? undefined
      : item[key]?.[name]
  const errors: FieldError[] = []
  for (const [low, high, blamed, shown] of ORDER) {
    const [lower, higher] = [amount(low), amount(high)]
    if (lower === undefined || higher === undefined || compareQuantities(lower, higher) <= 0)
      continue
    const detail = `${low.called} ${lower} is greater than ${high.called} ${higher}`
    errors.push(invalid(`${field}.${blamed}[${name}]`, amount(shown), detail))
  }
  errors.push(...validateRatio(item, name, `${field}.maxLimitRequestRatio[${name}]`))
  const [limit, request] = [amount(DEFAULT), amount(REQUEST)]
  const isExact = name.includes('/') || name.startsWith(HUGE_PAGES)
  if (isExact && limit !== undefined && request !== undefined)
    if (compareQuantities(limit, request) !== 0)
      errors.push(
        invalid(
          `${field}.defaultRequest[${name}]`,
          request,
          `default value ${limit} must equal to defaultRequest value ${request} in ${name}`,
        ),
      )
  return errors
}

function validateRatio(item: LimitRangeItem, name: string, field: string): FieldError[] {
  const ratio = item.maxLimitRequestRatio?.[name]
  if (ratio === undefined) return []
  const errors: FieldError[] = []
  if (compareQuantities(ratio, '1') < 0)
    errors.push(invalid(field, ratio, `ratio ${ratio} is less than 1`))
  const [min, max] = [item.min?.[name], item.max?.[name]]
  if (min === undefined || max === undefined) return errors
  const limit = Number(parseQuantity(max).nanos) / Number(parseQuantity(min).nanos)
  if (Number(parseQuantity(ratio).nanos) / 1e9 > limit)
    errors.push(
      invalid(field, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`),
    )
  return errors
}
