// The label and field selectors that `fakeApi` understands: every label selector, and fields of any
// path (a real server knows only some).
import { parseFieldSelector } from '#kinds/field-selector.ts'
import { parseLabelSelector } from '#kinds/label-selector-parser.ts'
import { matchesRequirements } from '#kinds/label-selector.ts'
import type { Matches } from './fake-store.ts'

const fieldOf = (object: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object)

/** What the selectors and the namespace of a request let through. */
export function matcherOf(query: URLSearchParams, namespace: string | undefined): Matches {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '')
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    matchesRequirements(labels, object.metadata.labels) &&
    fields.every(
      ({ field, operator, value }) =>
        ((fieldOf(object, field) ?? '') === value) === (operator === '='),
    )
}
