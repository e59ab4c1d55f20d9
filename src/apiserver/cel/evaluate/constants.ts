// Parts of an expression that are the same in every run: worked out once, they cost nothing.
import type { Checked } from '../check/checker.ts'
import type { Expression } from '../syntax/expression.ts'
import type { CelValue } from '../values.ts'
import { CelError, EntryMap } from '../values.ts'

const CONVERSIONS = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'dyn',
  'int',
  'string',
  'timestamp',
  'uint',
])

/** Undefined for what is no constant, and for what fails: that is told when it runs. */
export function constantOf(expression: Expression, checked: Checked): CelValue | undefined {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'list': {
      const items = expression.items.map(({ value, optional }) =>
        optional ? undefined : constantOf(value, checked),
      )
      return items.every((item) => item !== undefined) ? items : undefined
    }
    case 'map':
      return constantMap(expression.entries, checked)
    case 'call': {
      const call = checked.calls.get(expression)
      const [argument] = call?.args ?? []
      if (!CONVERSIONS.has(expression.name) || call?.overloads.length !== 1) return undefined
      const value = argument === undefined ? undefined : constantOf(argument, checked)
      return value === undefined ? undefined : attempt(() => call.overloads[0]!.run([value]))
    }
    default:
      return undefined
  }
}

function constantMap(
  entries: (Expression & { kind: 'map' })['entries'],
  checked: Checked,
): CelValue | undefined {
  const map = new EntryMap()
  for (const { key, value, optional } of entries) {
    const [at, held] = [constantOf(key, checked), constantOf(value, checked)]
    if (optional || at === undefined || held === undefined) return undefined
    const added = attempt(() => {
      map.add(at, held)
      return true
    })
    if (added === undefined) return undefined
  }
  return map
}

function attempt(run: () => CelValue): CelValue | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof CelError) return undefined
    throw error
  }
}

export const isPrimitive = (value: CelValue): boolean => typeof value !== 'object'
