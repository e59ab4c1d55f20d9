// The field that a rule blames (fieldPath): ".spec.name", ".labels['a.b']".
import type { Structural } from '../structural-schema.ts'
import { valuesOf } from '../structural-schema.ts'

const STEP = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y

/** The path as messages show it, without a dot in front; undefined when the schema has no such field. */
export function rulePath(schema: Structural | undefined, path: string): string | undefined {
  let shown = ''
  let here = schema
  STEP.lastIndex = 0
  for (let at = 0; at < path.length; at = STEP.lastIndex) {
    const step = STEP.exec(path)
    if (step === null || here === undefined) return undefined
    const name = step[1] ?? step[2]!.replaceAll(/\\(.)/g, '$1')
    if (here.properties !== undefined) {
      if (!Object.hasOwn(here.properties, name)) return undefined
      here = here.properties[name]
      shown += `.${name}`
    } else {
      here = valuesOf(here)
      if (here === undefined) return undefined
      shown += `[${name}]`
    }
  }
  return shown.replace(/^\./, '')
}
