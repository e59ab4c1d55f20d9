// Reads protobuf bodies, which kubectl's `create` commands send without asking: the message becomes
// what the same object is in JSON.
import { badRequest } from '#base/errors.ts'
import { builtinSchemas } from '../schema/builtin-schemas.ts'
import { isRecord } from '../body.ts'
import { apiLimits } from '../limits.ts'
import messages from './messages.json' with { type: 'json' }
import { plainMessages } from './plain-messages.ts'
import { isMeaningfulZero } from './zero-values.ts'
import type { WireField } from './wire.ts'
import { readFields, WireError } from './wire.ts'

/** "1": "metadata io.k8s....ObjectMeta" */
type Message = Readonly<Record<string, string>>

const MESSAGES = messages as Readonly<Record<string, Message>>
const MAGIC = Buffer.from('k8s\0')
const API = 'io.k8s.api'
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** The object in an envelope of `runtime.Unknown`. */
export function decodeProtobuf(bytes: Uint8Array): Record<string, unknown> {
  if (Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) !== 0)
    throw badRequest(
      'the body is not a protobuf message of Kubernetes: it lacks the prefix "k8s\\0"',
    )
  try {
    const envelope = readFields(bytes.subarray(MAGIC.length))
    const [type, raw] = [1, 2].map((number) => envelope.find((one) => one.number === number)?.bytes)
    const [apiVersion, kind] = textsOf(readFields(type ?? new Uint8Array()))
    const message = messageName(apiVersion, kind)
    if (message === undefined)
      throw badRequest(`kind "${kind}" of "${apiVersion}" is not known in protobuf: send JSON`)
    const object = decodeMessage(message, raw ?? new Uint8Array(), 0)
    return { kind, apiVersion, ...(isRecord(object) ? object : {}) }
  } catch (error) {
    if (error instanceof WireError)
      throw badRequest(`the body is not valid protobuf: ${error.message}`)
    throw error
  }
}

function textsOf(fields: readonly WireField[]): [string, string] {
  const text = (number: number) =>
    Buffer.from(fields.find((one) => one.number === number)?.bytes ?? []).toString()
  return [text(1), text(2)]
}

/** "rbac.authorization.k8s.io/v1" Role is "io.k8s.api.rbac.v1.Role". */
function messageName(apiVersion: string, kind: string): string | undefined {
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? 'core' : apiVersion.slice(0, slash).split('.')[0]!
  const version = apiVersion.slice(slash + 1)
  return [`${API}.${group}.${version}.${kind}`, `${META}.${kind}`].find((name) =>
    Object.hasOwn(MESSAGES, name),
  )
}

function decodeMessage(name: string, bytes: Uint8Array, depth: number): unknown {
  if (depth > apiLimits.bodyDepthMax)
    throw new WireError(`nested deeper than ${apiLimits.bodyDepthMax} levels`)
  const plain = plainMessages[name]
  if (plain !== undefined) return plain(readFields(bytes))
  const message = MESSAGES[name]
  if (message === undefined) throw new WireError(`message ${name} is not known`)
  const object: Record<string, unknown> = {}
  for (const field of readFields(bytes)) {
    // A field of a newer client than these numbers know: left out, as any unknown field.
    const [key, type] = message[field.number]?.split(' ') ?? []
    if (key !== undefined && type !== undefined) addField(object, { name, key, type }, field, depth)
  }
  return object
}

interface FieldType {
  /** Of the message around it. */
  name: string
  key: string
  type: string
}

function addField(
  object: Record<string, unknown>,
  { name, key, type }: FieldType,
  field: WireField,
  depth: number,
): void {
  if (type.startsWith('[]')) {
    const list = (object[key] ??= []) as unknown[]
    list.push(decodeValue(type.slice(2), field, depth))
  } else if (type.startsWith('map:')) {
    const map = (object[key] ??= {}) as Record<string, unknown>
    const [entryKey, entryValue] = entryOf(type.slice(4), field, depth)
    map[entryKey] = entryValue
  } else {
    const value = decodeValue(type, field, depth)
    if (isInline(name, key) && isRecord(value)) Object.assign(object, value)
    else if (value !== undefined && !(isZero(value) && !isMeaningfulZero(key, value)))
      object[key] = value
  }
}

const isZero = (value: unknown): boolean => value === '' || value === 0 || value === false

/** Go embeds the struct: in JSON its fields stand beside the others. */
function isInline(message: string, key: string): boolean {
  const properties = builtinSchemas[message]?.properties
  return properties !== undefined && !Object.hasOwn(properties, key)
}

function entryOf(type: string, field: WireField, depth: number): [string, unknown] {
  const fields = readFields(field.bytes ?? new Uint8Array())
  const [key, value] = [1, 2].map((number) => fields.find((one) => one.number === number))
  const text = Buffer.from(key?.bytes ?? []).toString()
  return [text, decodeValue(type, value ?? { number: 2 }, depth)]
}

function decodeValue(type: string, field: WireField, depth: number): unknown {
  const { varint = 0n, bytes = new Uint8Array() } = field
  switch (type) {
    case 'string':
      return Buffer.from(bytes).toString()
    case 'bytes':
      return Buffer.from(bytes).toString('base64')
    case 'bool':
      return varint !== 0n
    case 'int':
      return Number(varint)
    case 'double':
      return Buffer.from(bytes).readDoubleLE()
    default:
      return decodeMessage(type, bytes, depth + 1)
  }
}
