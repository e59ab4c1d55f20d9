// A list as JSON, put together from the bytes that are stored: no object is parsed or written anew.
import type { Stored } from '../objects/object-storage.ts'
import type { ServedResource } from '../resources.ts'
import { shown } from '../resources.ts'

const COMMA = Buffer.from(',')
const OPEN = Buffer.from('{')
const END = Buffer.from(']}')

export function listBytes(
  resource: ServedResource,
  items: readonly Stored[],
  metadata: object,
): Uint8Array {
  const { listKind: kind, apiVersion } = resource
  const head = JSON.stringify({ kind, apiVersion, metadata, items: [] }).slice(0, -2)
  const chunks: Uint8Array[] = [Buffer.from(head)]
  // Items of a built-in list do not repeat their kind; the list's name says it.
  const prefix = Buffer.from(`{"kind":"${resource.kind}","apiVersion":"${apiVersion}",`)
  for (const [index, item] of items.entries()) {
    if (index > 0) chunks.push(COMMA)
    if (resource.form !== undefined) chunks.push(formBytes(resource, item))
    else if (!resource.custom && startsWith(item.bytes, prefix))
      chunks.push(OPEN, item.bytes.subarray(prefix.length))
    else chunks.push(item.bytes)
  }
  chunks.push(END)
  return Buffer.concat(chunks)
}

function formBytes(resource: ServedResource, { object }: Stored): Uint8Array {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = shown(resource, object)
  return Buffer.from(JSON.stringify(rest))
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0
}
