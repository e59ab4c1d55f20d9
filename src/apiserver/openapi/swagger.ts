// OpenAPI v2 from the v3 documents, for clients that ask for nothing newer.
import type { Schema } from '../schema/schema.ts'
import type { GroupVersionDocument } from './documents.ts'

type Json = Record<string, unknown>

export function swaggerOf(documents: readonly GroupVersionDocument[], version: string): Json {
  const definitions: Json = {}
  const paths: Json = {}
  for (const document of documents) {
    for (const [name, schema] of Object.entries(document.components.schemas))
      definitions[name] = schemaToV2(schema)
    for (const [path, item] of Object.entries(document.paths)) paths[path] = pathToV2(item)
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths, definitions }
}

function schemaToV2(schema: Schema): Json {
  return rewrite(schema) as Json
}

function rewrite(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewrite)
  if (typeof value !== 'object' || value === null) return value
  const schema = value as Schema & Json
  const [only] = schema.allOf ?? []
  // v3 wraps a reference to put a default beside it; in v2 the reference stands alone.
  if (only?.$ref !== undefined && schema.allOf?.length === 1) {
    const { allOf: _allOf, default: _default, ...rest } = schema
    return rewrite({ ...rest, $ref: only.$ref })
  }
  if (schema.oneOf !== undefined) {
    const { oneOf: _oneOf, ...rest } = schema
    return { ...rest, type: 'string' }
  }
  const entries = Object.entries(schema)
    // Words that v2 does not have.
    .filter(([key]) => key !== 'nullable' && key !== 'anyOf' && key !== 'not')
    .map(([key, item]) => [key, key === '$ref' ? refToV2(String(item)) : rewrite(item)])
  return Object.fromEntries(entries) as Json
}

const refToV2 = (ref: string) => ref.replace('#/components/schemas/', '#/definitions/')

function pathToV2(item: Json): Json {
  const entries = Object.entries(item).map(([key, value]) => [
    key,
    key === 'parameters' ? parametersToV2(value) : operationToV2(value as Json),
  ])
  return Object.fromEntries(entries) as Json
}

function parametersToV2(parameters: unknown): Json[] {
  return (parameters as Json[]).map(({ schema, ...rest }) => ({ ...rest, ...(schema as Json) }))
}

function operationToV2(operation: Json): Json {
  const { requestBody, responses, parameters, ...rest } = operation
  const content = (requestBody as { content?: Json } | undefined)?.content ?? {}
  const [body] = Object.values(content) as { schema: unknown }[]
  const bodyParameter =
    body === undefined ? [] : [{ name: 'body', in: 'body', schema: rewrite(body.schema) }]
  return {
    ...rest,
    ...(body === undefined ? {} : { consumes: Object.keys(content) }),
    produces: ['application/json'],
    parameters: [...parametersToV2(parameters), ...bodyParameter],
    responses: Object.fromEntries(
      Object.entries(responses as Record<string, Json>).map(([code, response]) => [
        code,
        responseToV2(response),
      ]),
    ),
  }
}

function responseToV2({ description, content }: Json): Json {
  const [first] = Object.values((content ?? {}) as Json) as { schema: unknown }[]
  return first === undefined ? { description } : { description, schema: rewrite(first.schema) }
}
