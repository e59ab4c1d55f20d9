// The published schemas of Kubernetes' own kinds, read once.
import schemas from '#kinds/k8s/schemas.json' with { type: 'json' }
import type { SchemaSet } from './schema.ts'

export const builtinSchemas = schemas as SchemaSet
