// Metadata of custom objects, and of whole objects inside them, is read as that of built-in kinds.
import { builtinSchemas } from '../schema/builtin-schemas.ts'
import { decodeBySchema } from '../schema/decode.ts'
import { schemaRef } from '../schema/schema.ts'

export const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

const METADATA_ONLY = {
  ...builtinSchemas,
  Object: { type: 'object', properties: { metadata: schemaRef(OBJECT_META) } },
}

/** A copy with what is known; paths of what is not go to `unknown`. Throws DecodeError for a wrong type. */
export function decodeMetadata(metadata: unknown, path: string, unknown: string[]): unknown {
  const decoded = decodeBySchema(METADATA_ONLY, 'Object', { metadata: metadata ?? {} })
  unknown.push(...decoded.unknown.map((field) => (path === '' ? field : `${path}.${field}`)))
  return decoded.value['metadata']
}
