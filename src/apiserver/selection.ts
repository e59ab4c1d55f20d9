// Which objects a list or watch means: its label and field selector.
import type { KubeObject } from '#kinds/object.ts'
import { fieldMatcher, parseFieldSelector } from '#kinds/field-selector.ts'
import { parseLabelSelector } from '#kinds/label-selector-parser.ts'
import { matchesRequirements } from '#kinds/label-selector.ts'
import type { ServedResource } from './resources.ts'

export interface Selection {
  /** Absent when everything is selected. */
  matches: ((object: KubeObject) => boolean) | undefined
  /** The one name that can match, if there is only one: then one key is read, not all. */
  name: string | undefined
}

export function readSelection(query: URLSearchParams, resource: ServedResource): Selection {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '')
  const matchesFields = fieldMatcher(fields, resource.definition)
  const name = fields.find((one) => one.field === 'metadata.name' && one.operator === '=')?.value
  if (labels.length === 0 && fields.length === 0) return { matches: undefined, name }
  return {
    matches: (object) =>
      matchesRequirements(labels, object.metadata.labels) && matchesFields(object),
    name,
  }
}
