// An OpenAPI v2 document in protobuf, which kubectl before 1.27 asks for and nothing else.
import { bytesField, doubleField, varintField } from '../protobuf/wire-writer.ts'
import { type FieldKind, type MessageName, SWAGGER_MESSAGES } from './swagger-messages.ts'

type Json = Record<string, unknown>

export const swaggerProtobuf = (document: Json): Buffer => message('document', document)

function message(name: MessageName, value: Json): Buffer {
  const { fields, extensions, named } = SWAGGER_MESSAGES[name]
  const parts = Object.entries(value).flatMap(([key, item]) => {
    const known = fields[key]
    if (known !== undefined) return field(known.number, known.kind, item)
    if (key.startsWith('x-'))
      return extensions === undefined ? [] : [bytesField(extensions, pair(key, any(item)))]
    if (named === undefined) return []
    const inner = message(named.message, item as Json)
    // A response is one of two: itself, or a reference to one.
    return [bytesField(named.number, pair(key, named.isResponse ? bytesField(1, inner) : inner))]
  })
  return Buffer.concat(parts)
}

function field(number: number, kind: FieldKind, value: unknown): Buffer[] {
  if (typeof kind === 'object') {
    if ('message' in kind) return [bytesField(number, message(kind.message, value as Json))]
    const pairs = Object.entries(value as Json).map(([key, item]) =>
      bytesField(1, pair(key, message(kind.map, item as Json))),
    )
    return [bytesField(number, Buffer.concat(pairs))]
  }
  switch (kind) {
    case 'string':
      return [bytesField(number, value as string)]
    case 'strings':
      return (value as string[]).map((text) => bytesField(number, text))
    case 'boolean':
      return [varintField(number, value === true ? 1 : 0)]
    case 'integer':
      return [varintField(number, value as number)]
    case 'double':
      return [doubleField(number, value as number)]
    case 'any':
      return [bytesField(number, any(value))]
    case 'anys':
      return (value as unknown[]).map((item) => bytesField(number, any(item)))
    case 'parameters':
      return (value as Json[]).map((item) => bytesField(number, parameter(item)))
    case 'schemaItem':
      return [bytesField(number, bytesField(1, schema(value)))]
    case 'schemaOrBoolean':
      return [
        bytesField(
          number,
          typeof value === 'boolean' ? varintField(2, value ? 1 : 0) : bytesField(1, schema(value)),
        ),
      ]
    case 'type':
      return [bytesField(number, bytesField(1, value as string))]
    case 'items':
      return [bytesField(number, bytesField(1, schema(value)))]
    case 'schemas':
      return (value as unknown[]).map((item) => bytesField(number, schema(item)))
  }
}

const schema = (value: unknown): Buffer => message('schema', value as Json)
const pair = (name: string, value: Buffer): Buffer =>
  Buffer.concat([bytesField(1, name), bytesField(2, value)])
/** JSON is YAML. */
const any = (value: unknown): Buffer => bytesField(2, JSON.stringify(value))

/** One of several, one in the other: ParametersItem, Parameter, NonBodyParameter. */
function parameter(value: Json): Buffer {
  if (value['in'] === 'body') return bytesField(1, bytesField(1, message('bodyParameter', value)))
  const inner =
    value['in'] === 'path'
      ? bytesField(4, message('pathParameter', value))
      : bytesField(3, message('queryParameter', value))
  return bytesField(1, bytesField(2, inner))
}
