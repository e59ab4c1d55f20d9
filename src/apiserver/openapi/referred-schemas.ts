import type { Schema, SchemaSet } from '../schema/schema.ts'
import { refName } from '../schema/schema.ts'

/** Every schema of the set that the roots refer to, directly or through others. */
export function referredSchemas(set: SchemaSet, roots: readonly Schema[]): Record<string, Schema> {
  const found: Record<string, Schema> = {}
  const visit = (schema: Schema): void => {
    const name = refName(schema)
    const target = name === undefined ? undefined : set[name]
    if (name !== undefined && target !== undefined && found[name] === undefined) {
      found[name] = target
      visit(target)
    }
    for (const property of Object.values(schema.properties ?? {})) visit(property)
    for (const other of [...(schema.allOf ?? []), ...(schema.oneOf ?? [])]) visit(other)
    if (schema.items !== undefined) visit(schema.items)
    if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties)
  }
  for (const root of roots) visit(root)
  return found
}
