import type { Check, CheckContext } from './check.ts'

/** Every write has a newer revision than all before it of its kind, and so of its key. */
export function revisionsRise({ report }: CheckContext): Check {
  const newest = new Map<string, number>()
  return {
    changed({ kind, key, object }) {
      const revision = Number(object.metadata.resourceVersion)
      const before = newest.get(kind) ?? 0
      if (!(revision > before))
        report(`${kind} ${key} came with revision ${revision} after revision ${before}`)
      newest.set(kind, revision)
    },
  }
}
