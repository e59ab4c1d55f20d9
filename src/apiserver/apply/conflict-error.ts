import { type StatusCause, StatusError } from '#base/errors.ts'
import { type FieldTree, membersOf } from './field-tree.ts'
import type { Manager, Managers } from './managers.ts'
import { pathText } from './path-text.ts'

/** `"scaler" with subresource "scale" using apps/v1` */
function nameOf({ manager, operation, apiVersion, subresource }: Manager): string {
  const through = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`
  const using = operation === 'Update' ? ` using ${apiVersion}` : ''
  return `${JSON.stringify(manager)}${through}${using}`
}

interface Conflict {
  name: string
  path: string
}

/** Applying would change what others manage. */
export function applyConflict(
  managers: Managers,
  conflicts: ReadonlyMap<string, FieldTree>,
): StatusError {
  const all: Conflict[] = [...conflicts]
    .flatMap(([id, fields]) =>
      membersOf(fields).map((path) => ({ name: nameOf(managers.get(id)!), path: pathText(path) })),
    )
    .toSorted((a, b) => compareText(a.name, b.name) || compareText(a.path, b.path))
  const causes: StatusCause[] = all.map(({ name, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${name}`,
    field: path,
  }))
  const count = `${all.length} conflict${all.length === 1 ? '' : 's'}`
  return new StatusError('Conflict', `Apply failed with ${count}: ${listed(all)}`, {
    details: { causes },
  })
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function listed(all: readonly Conflict[]): string {
  if (all.length === 1) return `conflict with ${all[0]!.name}: ${all[0]!.path}`
  const lines: string[] = []
  let last: string | undefined
  for (const { name, path } of all) {
    if (name !== last) lines.push(`conflicts with ${name}:`)
    last = name
    lines.push(`- ${path}`)
  }
  return lines.join('\n')
}
