// What expressions of mutations build: `Object{...}`, `Object.spec{...}` and `JSONPatch{...}`.
import type { StructType } from '../../cel/environment.ts'
import { unescapeName } from '../../cel/json-value.ts'
import type { CelType } from '../../cel/types.ts'
import { DYN, objectType, STRING } from '../../cel/types.ts'
import type { CelValue } from '../../cel/values.ts'
import { CelError, EntryMap } from '../../cel/values.ts'

export const JSON_PATCH_TYPE = objectType('JSONPatch', {
  op: STRING,
  path: STRING,
  from: STRING,
  value: DYN,
})

/** A part of an object, which knows where it belongs. */
class ObjectPart extends EntryMap {
  readonly typeName: string
  constructor(typeName: string) {
    super()
    this.typeName = typeName
  }
}

export const OBJECT_TYPE = partType('Object')

/** Fields are not checked here: what comes out is read by the schema of its kind. */
function partType(name: string): CelType {
  return { kind: 'object', name, field: () => DYN, propertyOf: unescapeName }
}

export function mutationStruct(name: string): StructType | undefined {
  if (name === 'JSONPatch')
    return {
      type: JSON_PATCH_TYPE,
      field: (field) => JSON_PATCH_TYPE.field(field),
      make: (fields) => partOf(name, fields),
    }
  if (name !== 'Object' && !name.startsWith('Object.')) return undefined
  return { type: partType(name), field: () => DYN, make: (fields) => partOf(name, fields) }
}

function partOf(name: string, fields: ReadonlyMap<string, CelValue>): CelValue {
  const part = new ObjectPart(name)
  for (const [field, value] of fields) {
    if (name !== 'JSONPatch') checkPlace(`${name}.${field}`, value)
    part.add(unescapeName(field), value)
  }
  return part
}

function checkPlace(path: string, value: CelValue): void {
  const parts = Array.isArray(value) ? (value as readonly CelValue[]) : [value]
  for (const part of parts)
    if (part instanceof ObjectPart && part.typeName !== path)
      throw new CelError(
        `type mismatch: unexpected type name "${part.typeName}", expected "${path}", which matches field name path from root Object type`,
      )
}
