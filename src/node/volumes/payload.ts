// What a projected volume holds: files by relative path. Pure.
import type { ConfigMap, KeyToPath, Secret } from '#kinds/k8s/core.ts'
import { ConfigError } from '../container/config-error.ts'

export interface PayloadFile {
  content: Buffer
  mode: number
  /** Who owns the file, where that is not root. */
  user?: number | undefined
}

/** By path relative to the volume. */
export type Payload = Map<string, PayloadFile>

export const FILE_MODE_DEFAULT = 0o644

export function checkedPath(file: string): string {
  const parts = file.split('/')
  // A first part of ".." would collide with the names that swapping needs.
  if (file === '' || file.startsWith('/') || parts.includes('..') || parts[0]?.startsWith('..'))
    throw new ConfigError(`"${file}" is not a relative path inside the volume`)
  return parts.filter((part) => part !== '' && part !== '.').join('/')
}

export interface KeysOptions {
  items: readonly KeyToPath[] | undefined
  defaultMode: number
  optional: boolean
}

function contentsOf(object: ConfigMap | Secret): Map<string, Buffer> {
  if (object.kind === 'Secret') return decodedEntries((object as Secret).data)
  const { data, binaryData } = object as ConfigMap
  const texts = Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const)
  return new Map([...texts, ...decodedEntries(binaryData)])
}

const decodedEntries = (data: Record<string, string> | undefined) =>
  new Map(Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]))

/** The files of a ConfigMap or Secret: all keys, or the chosen ones at their paths. */
export function keysPayload(object: ConfigMap | Secret, options: KeysOptions): Payload {
  const contents = contentsOf(object)
  const mode = options.defaultMode
  if (options.items === undefined || options.items.length === 0)
    return new Map([...contents].map(([key, content]) => [checkedPath(key), { content, mode }]))
  const files: Payload = new Map()
  for (const item of options.items) {
    const content = contents.get(item.key)
    if (content !== undefined)
      files.set(checkedPath(item.path), { content, mode: item.mode ?? mode })
    else if (!options.optional) throw new ConfigError(`${missingKey(object)} key: ${item.key}`)
  }
  return files
}

const missingKey = ({ kind }: ConfigMap | Secret): string =>
  kind === 'Secret' ? 'references non-existent secret' : 'configmap references non-existent config'
