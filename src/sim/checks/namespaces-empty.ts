import type { Check, CheckContext } from './check.ts'

/** Events tell of what was: they may be written after the end of their namespace. */
const MAY_BE_LATE = new Set(['Event'])

/** A namespace goes when nothing is left in it, and nothing comes to be in one that is not there. */
export function namespacesEmpty({ state, report }: CheckContext): Check {
  const there = new Set<string>()
  return {
    changed({ type, kind, key, object }) {
      if (kind === 'Namespace') {
        if (type !== 'DELETED') return void there.add(key)
        there.delete(key)
        for (const left of state.all())
          if (left.metadata.namespace === key && !MAY_BE_LATE.has(left.kind))
            report(
              `namespace ${key} is gone, and ${left.kind} ${left.metadata.name} is in it still`,
            )
      }
      const { namespace } = object.metadata
      if (type === 'ADDED' && namespace !== undefined && !there.has(namespace))
        report(`${kind} ${key} was made, and its namespace is not there`)
    },
  }
}
