// How the parts of an OpenAPI v2 document stand in protobuf: the numbers are those of the package
// openapi.v2 (github.com/google/gnostic, openapiv2/OpenAPIv2.proto). What is not listed is not written.

export type MessageName =
  | 'document'
  | 'info'
  | 'paths'
  | 'pathItem'
  | 'operation'
  | 'bodyParameter'
  | 'queryParameter'
  | 'pathParameter'
  | 'responses'
  | 'response'
  | 'schema'

export type FieldKind =
  | 'string'
  | 'strings'
  | 'boolean'
  | 'integer'
  | 'double'
  /** Any value, as YAML text. */
  | 'any'
  | 'anys'
  | 'parameters'
  | 'schemaItem'
  | 'schemaOrBoolean'
  | 'type'
  /** Of an array: a list of one schema. */
  | 'items'
  | 'schemas'
  | { message: MessageName }
  /** A map: a message that holds pairs of name and message. */
  | { map: MessageName }

export interface MessageField {
  number: number
  kind: FieldKind
}

export interface Message {
  fields: Readonly<Record<string, MessageField>>
  /** Number of the pairs for keys that begin with "x-". */
  extensions?: number
  /** All other keys are names in this map, each a pair in the field. */
  named?: { number: number; message: MessageName; isResponse?: true }
}

const field = (number: number, kind: FieldKind): MessageField => ({ number, kind })

/** The fields of what a parameter in the query and one in the path have in common, from their numbers. */
const parameter = (numbers: {
  type: number
  uniqueItems: number
  extensions: number
}): Message => ({
  fields: {
    required: field(1, 'boolean'),
    in: field(2, 'string'),
    description: field(3, 'string'),
    name: field(4, 'string'),
    type: field(numbers.type, 'string'),
    uniqueItems: field(numbers.uniqueItems, 'boolean'),
  },
  extensions: numbers.extensions,
})

export const SWAGGER_MESSAGES: Readonly<Record<MessageName, Message>> = {
  document: {
    fields: {
      swagger: field(1, 'string'),
      info: field(2, { message: 'info' }),
      paths: field(8, { message: 'paths' }),
      definitions: field(9, { map: 'schema' }),
    },
    extensions: 16,
  },
  info: { fields: { title: field(1, 'string'), version: field(2, 'string') } },
  paths: { fields: {}, extensions: 1, named: { number: 2, message: 'pathItem' } },
  pathItem: {
    fields: {
      get: field(2, { message: 'operation' }),
      put: field(3, { message: 'operation' }),
      post: field(4, { message: 'operation' }),
      delete: field(5, { message: 'operation' }),
      patch: field(8, { message: 'operation' }),
      parameters: field(9, 'parameters'),
    },
    extensions: 10,
  },
  operation: {
    fields: {
      tags: field(1, 'strings'),
      description: field(3, 'string'),
      operationId: field(5, 'string'),
      produces: field(6, 'strings'),
      consumes: field(7, 'strings'),
      parameters: field(8, 'parameters'),
      responses: field(9, { message: 'responses' }),
    },
    extensions: 13,
  },
  bodyParameter: {
    fields: {
      description: field(1, 'string'),
      name: field(2, 'string'),
      in: field(3, 'string'),
      required: field(4, 'boolean'),
      schema: field(5, { message: 'schema' }),
    },
    extensions: 6,
  },
  queryParameter: parameter({ type: 6, uniqueItems: 20, extensions: 23 }),
  pathParameter: parameter({ type: 5, uniqueItems: 19, extensions: 22 }),
  responses: {
    fields: {},
    extensions: 2,
    named: { number: 1, message: 'response', isResponse: true },
  },
  response: { fields: { description: field(1, 'string'), schema: field(2, 'schemaItem') } },
  schema: {
    fields: {
      $ref: field(1, 'string'),
      format: field(2, 'string'),
      title: field(3, 'string'),
      description: field(4, 'string'),
      default: field(5, 'any'),
      multipleOf: field(6, 'double'),
      maximum: field(7, 'double'),
      exclusiveMaximum: field(8, 'boolean'),
      minimum: field(9, 'double'),
      exclusiveMinimum: field(10, 'boolean'),
      maxLength: field(11, 'integer'),
      minLength: field(12, 'integer'),
      pattern: field(13, 'string'),
      maxItems: field(14, 'integer'),
      minItems: field(15, 'integer'),
      uniqueItems: field(16, 'boolean'),
      maxProperties: field(17, 'integer'),
      minProperties: field(18, 'integer'),
      required: field(19, 'strings'),
      enum: field(20, 'anys'),
      additionalProperties: field(21, 'schemaOrBoolean'),
      type: field(22, 'type'),
      items: field(23, 'items'),
      allOf: field(24, 'schemas'),
      properties: field(25, { map: 'schema' }),
    },
    extensions: 31,
  },
}
