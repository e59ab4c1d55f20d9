// Writes src/apiserver/protobuf/messages.json: the numbers of the fields of Kubernetes' protobuf
// messages. They are read from a kubectl binary, which carries its descriptors compressed.
//   node tools/generate-protobuf-messages.ts /usr/bin/kubectl
import { readFileSync, writeFileSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import schemas from '#kinds/k8s/schemas.json' with { type: 'json' }
import { readFields, varintsOf, WireError } from '#apiserver/protobuf/wire.ts'
import type { WireField } from '#apiserver/protobuf/wire.ts'

const OUTPUT = new URL('../src/apiserver/protobuf/messages.json', import.meta.url)
const GZIP = Buffer.from([0x1f, 0x8b, 0x08])
const COMPRESSED_BYTES_MAX = 400_000

/** "name" to "type", where type is "string", "int", ..., a message's name, "[]" or "map:" of one. */
type Message = Record<string, string>

const SCALARS: Readonly<Record<number, string>> = {
  1: 'double',
  3: 'int',
  5: 'int',
  8: 'bool',
  9: 'string',
  12: 'bytes',
}
const MESSAGE = 11
const REPEATED = 3

function* descriptors(binary: Buffer): Generator<Buffer> {
  for (let at = binary.indexOf(GZIP); at >= 0; at = binary.indexOf(GZIP, at + 1)) {
    try {
      const file = gunzipSync(binary.subarray(at, at + COMPRESSED_BYTES_MAX), {
        finishFlush: constants.Z_SYNC_FLUSH,
      })
      if (text(readFields(file), 1).endsWith('.proto')) yield file
    } catch (error) {
      // These three bytes also stand where nothing was compressed.
      const isNotCompressed = error instanceof Error && 'code' in error
      if (!isNotCompressed && !(error instanceof WireError)) throw error
    }
  }
}

const text = (fields: readonly WireField[], number: number): string =>
  Buffer.from(fields.find((one) => one.number === number)?.bytes ?? []).toString()
const nested = (fields: readonly WireField[], number: number): WireField[][] =>
  fields.filter((one) => one.number === number).map(({ bytes }) => readFields(bytes!))
const integer = (fields: readonly WireField[], number: number): number =>
  Number(varintsOf(fields, number)[0] ?? 0n)

/** Names as the OpenAPI schemas have them. */
const schemaName = (name: string) => name.replace(/^\.?k8s\.io\./, 'io.k8s.')

function typeOf(field: WireField[], maps: ReadonlyMap<string, string>): string {
  const type = integer(field, 5)
  const name = schemaName(text(field, 6))
  const map = maps.get(name)
  if (map !== undefined) return `map:${map}`
  const single = type === MESSAGE ? name : SCALARS[type]
  if (single === undefined) throw new Error(`field ${text(field, 1)} has the unknown type ${type}`)
  return integer(field, 4) === REPEATED ? `[]${single}` : single
}

function messageOf(message: WireField[], fullName: string): Message {
  const maps = new Map(
    nested(message, 3).map((entry) => {
      const value = nested(entry, 2).find((field) => integer(field, 3) === 2)!
      return [`${fullName}.${text(entry, 1)}`, typeOf(value, new Map())]
    }),
  )
  return Object.fromEntries(
    nested(message, 2).map((field) => [
      String(integer(field, 3)),
      `${text(field, 1)} ${typeOf(field, maps)}`,
    ]),
  )
}

function readBinary(path: string): Map<string, Message> {
  const messages = new Map<string, Message>()
  for (const file of descriptors(readFileSync(path))) {
    const fields = readFields(file)
    const packageName = schemaName(text(fields, 2))
    for (const message of nested(fields, 4)) {
      const name = `${packageName}.${text(message, 1)}`
      messages.set(name, messageOf(message, name))
    }
  }
  return messages
}

/** The messages of the kinds that are published, and what they are made of. */
function reachable(all: ReadonlyMap<string, Message>): Record<string, Message> {
  const found: Record<string, Message> = {}
  const visit = (name: string): void => {
    const message = all.get(name)
    if (message === undefined || found[name] !== undefined) return
    found[name] = message
    for (const field of Object.values(message))
      visit(field.replace(/^\S+ /, '').replace(/^(\[\]|map:)/, ''))
  }
  for (const name of Object.keys(schemas)) if (!name.endsWith('List')) visit(name)
  visit('io.k8s.apimachinery.pkg.runtime.Unknown')
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const [path] = process.argv.slice(2)
if (path === undefined) {
  console.error('usage: node tools/generate-protobuf-messages.ts KUBECTL')
  process.exitCode = 2
} else writeFileSync(OUTPUT, `${JSON.stringify(reachable(readBinary(path)), null, 2)}\n`)
