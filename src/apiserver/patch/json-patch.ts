// JSON Patch, RFC 6902. Works on a copy; throws PatchError where the patch does not fit.
import { deepEqual } from '#kinds/validate/equal.ts'
import { PatchError, TestFailedError } from './patch-error.ts'

interface Operation {
  op: string
  path: string
  from?: string
  value?: unknown
}

export function isJsonPatch(patch: unknown): patch is Operation[] {
  return (
    Array.isArray(patch) &&
    patch.every(
      (one) =>
        typeof one === 'object' &&
        one !== null &&
        typeof (one as Operation).op === 'string' &&
        typeof (one as Operation).path === 'string' &&
        ['string', 'undefined'].includes(typeof (one as Operation).from),
    )
  )
}

/** Applies the operations to `document` in place and gives the result. */
export function applyJsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  let result = document
  for (const operation of operations) result = applyOne(result, operation)
  return result
}

function applyOne(document: unknown, operation: Operation): unknown {
  const path = parsePointer(operation.path)
  switch (operation.op) {
    case 'add':
      return add(document, path, valueOf(operation))
    case 'remove':
      return remove(document, path)
    case 'replace':
      read(document, path)
      return path.length === 0
        ? valueOf(operation)
        : add(remove(document, path), path, valueOf(operation))
    case 'move': {
      const from = parsePointer(operation.from ?? '')
      const value = read(document, from)
      return add(remove(document, from), path, value)
    }
    case 'copy':
      return add(
        document,
        path,
        structuredClone(read(document, parsePointer(operation.from ?? ''))),
      )
    case 'test':
      if (deepEqual(readOrNull(document, path), operation.value ?? null)) return document
      throw new TestFailedError(`testing value ${operation.path} failed`)
    default:
      throw new PatchError(`unexpected kind: ${operation.op}`)
  }
}

/** A value may be null, but it must be there. */
function valueOf(operation: Operation): unknown {
  if (!('value' in operation))
    throw new PatchError(`${operation.op} ${operation.path} has no value`)
  return structuredClone(operation.value)
}

function parsePointer(pointer: string): string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw new PatchError(`${pointer} is not a JSON pointer`)
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

type Container = unknown[] | Record<string, unknown>

function containerOf(document: unknown, path: readonly string[]): Container {
  const container = read(document, path.slice(0, -1))
  if (typeof container === 'object' && container !== null) return container as Container
  throw missing(path)
}

const missing = (path: readonly string[]) =>
  new PatchError(`doc is missing path: /${path.join('/')}`)

function read(document: unknown, path: readonly string[]): unknown {
  let at = document
  for (const part of path) {
    if (Array.isArray(at)) at = at[indexOf(at, part, at.length - 1)]
    else if (typeof at === 'object' && at !== null && Object.hasOwn(at, part))
      at = (at as Record<string, unknown>)[part]
    else throw missing(path)
  }
  return at
}

/** `test` against a value that is not there compares with null, as evanphx/json-patch does. */
function readOrNull(document: unknown, path: readonly string[]): unknown {
  const parent = path.length === 0 ? undefined : read(document, path.slice(0, -1))
  const last = path.at(-1)
  if (typeof parent === 'object' && parent !== null && !Array.isArray(parent))
    return Object.hasOwn(parent, last!) ? (parent as Record<string, unknown>)[last!] : null
  return read(document, path)
}

function indexOf(list: readonly unknown[], part: string, last: number): number {
  const index = /^(0|[1-9]\d*)$/.test(part) ? Number(part) : -1
  if (index < 0 || index > last) throw new PatchError(`invalid index: ${part} of ${list.length}`)
  return index
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value
  const container = containerOf(document, path)
  const last = path.at(-1)!
  if (Array.isArray(container))
    container.splice(
      last === '-' ? container.length : indexOf(container, last, container.length),
      0,
      value,
    )
  else define(container, last, value)
  return document
}

/** "__proto__" is a key like any other. */
function define(container: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(container, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

function remove(document: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return null
  const container = containerOf(document, path)
  const last = path.at(-1)!
  if (Array.isArray(container)) container.splice(indexOf(container, last, container.length - 1), 1)
  else if (Object.hasOwn(container, last)) delete container[last]
  else throw missing(path)
  return document
}
