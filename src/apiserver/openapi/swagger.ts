// OpenAPI v2 from the v3 documents, for clients that ask for nothing newer.
import type { Schema } from '../schema/schema.ts'
import type { GroupVersionDocument } from './documents.ts'

type Json = Record<string, unknown>

export function swaggerOf(documents: readonly GroupVersionDocument[], version: string): Json {
  const definitions: Json = {}
  const paths: Json = {}
  for (const document of documents) {
    for (const [name, schema] of Object.entries(document.components.schemas))
      // The same schema is in several documents; what another server calls like one of ours stays out.
      definitions[name] ??= schemaToV2(schema)
    for (const [path, item] of Object.entries(document.paths)) paths[path] ??= pathToV2(item)
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths, definitions }
}

function schemaToV2(schema: Schema): Json {
  const {
    $ref,
    allOf,
    oneOf,
    properties,
    items,
    additionalProperties,
    nullable: _,
    ...rest
  } = schema
  const [only] = allOf ?? []
  // v3 wraps a reference to put a default beside it; in v2 the reference stands alone.
  if (only?.$ref !== undefined) return schemaToV2({ ...without(rest, 'default'), $ref: only.$ref })
  return {
    ...rest,
    ...($ref === undefined ? {} : { $ref: refToV2($ref) }),
    // What may be a number or a string is a string with a format there.
    ...(oneOf === undefined ? {} : { type: 'string' }),
    ...(properties === undefined ? {} : { properties: mapValues(properties, schemaToV2) }),
    ...(items === undefined ? {} : { items: schemaToV2(items) }),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'object'
              ? schemaToV2(additionalProperties)
              : additionalProperties,
        }),
  }
}

function without(schema: Schema, key: keyof Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([one]) => one !== key))
}

function mapValues<T, R>(map: Record<string, T>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}

const refToV2 = (ref: string) => ref.replace('#/components/schemas/', '#/definitions/')

function pathToV2(item: Json): Json {
  const entries = Object.entries(item).map(([key, value]) => [
    key,
    key === 'parameters' ? parametersToV2(value) : operationToV2(value as Json),
  ])
  return Object.fromEntries(entries) as Json
}

function parametersToV2(parameters: unknown = []): Json[] {
  return (parameters as Json[]).map(({ schema, ...rest }) => ({ ...rest, ...(schema as Json) }))
}

function operationToV2(operation: Json): Json {
  const { requestBody, responses, parameters, ...rest } = operation
  const content = (requestBody as { content?: Json } | undefined)?.content ?? {}
  const [body] = Object.values(content) as { schema: Schema }[]
  const bodyParameter =
    body === undefined ? [] : [{ name: 'body', in: 'body', schema: schemaToV2(body.schema) }]
  return {
    ...rest,
    ...(body === undefined ? {} : { consumes: Object.keys(content) }),
    produces: ['application/json'],
    parameters: [...parametersToV2(parameters), ...bodyParameter],
    responses: mapValues(responses as Record<string, Json>, responseToV2),
  }
}

function responseToV2({ description, content }: Json): Json {
  const [first] = Object.values((content ?? {}) as Json) as { schema: Schema }[]
  return first === undefined ? { description } : { description, schema: schemaToV2(first.schema) }
}
