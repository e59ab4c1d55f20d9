// What `kubectl explain` says of Kubernetes' own kinds: one file for each API group, in our own words, because
// the schemas in `schemas.json` come without. Read when asked for: most processes never are.
import { readdirSync, readFileSync } from 'node:fs'

/** Of one type: "" is the type itself, the others are its fields. */
export type TypeDescription = Readonly<Record<string, string>>

/** By the name of the schema. */
export function readDescriptions(): ReadonlyMap<string, TypeDescription> {
  const here = import.meta.dirname
  const files = readdirSync(here).filter((name) => name.endsWith('.json'))
  const read = (name: string): Record<string, TypeDescription> =>
    JSON.parse(readFileSync(`${here}/${name}`, 'utf8'))
  return new Map(files.flatMap((name) => Object.entries(read(name))))
}

/** Fields that mean the same in every kind; those of a list are said of it. */
export const COMMON_FIELDS: TypeDescription = {
  apiVersion: 'Group and version of the kind, such as "apps/v1".',
  kind: 'Which kind of object this is, in CamelCase.',
  metadata: "The object's name, labels and what else every object has.",
  items: 'The objects of the list.',
}
