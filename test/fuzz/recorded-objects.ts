// Objects of every kind that the recordings hold: what a fuzzer begins with.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const DIRECTORY = path.join(import.meta.dirname, '../data/kubernetes-1.36/recordings')

export interface RecordedObject {
  apiVersion: string
  kind: string
  [field: string]: unknown
}

const isObject = (value: unknown): value is RecordedObject => {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<RecordedObject>
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata === 'object'
}

/** At most so many of a kind: the first ones. */
const OF_A_KIND_MAX = 12

export function recordedObjects(): Map<string, RecordedObject[]> {
  const found = new Map<string, RecordedObject[]>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (isObject(value)) {
      const id = `${value.apiVersion} ${value.kind}`
      const known = found.get(id) ?? []
      found.set(id, known)
      if (known.length < OF_A_KIND_MAX) known.push(value)
    }
    for (const one of Object.values(value)) visit(one)
  }
  for (const name of readdirSync(DIRECTORY))
    if (name.endsWith('.json')) visit(JSON.parse(readFileSync(path.join(DIRECTORY, name), 'utf8')))
  return found
}
