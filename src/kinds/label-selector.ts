// Label selectors: which labels they match and how they are written. `label-selector-parser.ts`
// reads the written form.
import type { LabelSelector, LabelSelectorRequirement } from './k8s/meta.ts'

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

export interface LabelRequirement {
  key: string
  operator: LabelOperator
  values: readonly string[]
}

export type Labels = Readonly<Record<string, string>> | undefined

const valueOf = (labels: Labels, key: string): string | undefined =>
  labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined

function meets({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = valueOf(labels, key)
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
    case 'lt':
      return value !== undefined && isOrdered(value, operator, values[0]!)
  }
}

const INTEGER = /^[+-]?\d+$/

function isOrdered(value: string, operator: 'gt' | 'lt', bound: string): boolean {
  if (!INTEGER.test(value) || !INTEGER.test(bound)) return false
  const [left, right] = [BigInt(value.replace('+', '')), BigInt(bound.replace('+', ''))]
  return operator === 'gt' ? left > right : left < right
}

/** Whether labels meet every requirement; no requirements match everything. */
export function matchesRequirements(
  requirements: readonly LabelRequirement[],
  labels: Labels,
): boolean {
  return requirements.every((requirement) => meets(requirement, labels))
}

const OPERATORS: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

function requirementOf({ key, operator, values }: LabelSelectorRequirement): LabelRequirement {
  const known = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined
  if (known === undefined)
    throw new TypeError(`"${operator}" is not a valid label selector operator`)
  return { key, operator: known, values: values ?? [] }
}

/** Requirements of a validated `LabelSelector` object. */
export function requirementsOf(selector: LabelSelector): LabelRequirement[] {
  const equalities = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: '=', values: [value] }),
  )
  return [...equalities, ...(selector.matchExpressions ?? []).map(requirementOf)]
}

/** An empty selector matches everything, none at all matches nothing. */
export function matchesLabelSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  return selector !== undefined && matchesRequirements(requirementsOf(selector), labels)
}

/** Whether `labels` has all of `wanted`: the plain map that selects a Service's pods. */
export function matchesLabelMap(wanted: Readonly<Record<string, string>>, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => valueOf(labels, key) === value)
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return requirementsOf(selector).length === 0
}

/** The written form, requirements in the order of their keys, values sorted. */
export function formatRequirements(requirements: readonly LabelRequirement[]): string {
  return requirements
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(formatRequirement)
    .join(',')
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'in':
    case 'notin':
      // "()" would read as no value at all: the empty one alone needs a separator.
      return `${key} ${operator} (${values.toSorted().join(',') || ','})`
    case 'gt':
      return `${key}>${values[0]}`
    case 'lt':
      return `${key}<${values[0]}`
    case '=':
    case '==':
    case '!=':
      return `${key}${operator}${values[0]}`
  }
}

/** The written form of a `LabelSelector`, or "" for an empty one. */
export const formatLabelSelector = (selector: LabelSelector): string =>
  formatRequirements(requirementsOf(selector))

/** A selector in a cell of a table: "<none>" when there is nothing to see. */
export const selectorCell = (selector: LabelSelector | undefined): string =>
  (selector === undefined ? '' : formatLabelSelector(selector)) || '<none>'
