// Objects over the store's keys and bytes. Each value is parsed at most once: the object is kept
// beside its bytes, which the store holds for as long as the value is current.
import type { Entry, Operation, Store } from '#storage/types.ts'
import type { KubeObject } from '#kinds/object.ts'
import { deepFreeze } from './freeze.ts'

export interface Stored<T extends KubeObject = KubeObject> {
  readonly key: string
  readonly object: T
  readonly bytes: Uint8Array
  revision: number
}

export type Written = { ok: true; stored: Stored } | { ok: false }

export interface KeyedDraft {
  key: string
  draft: KubeObject
  /** Revision the key must have now. */
  expect: number
}

export interface ObjectStorage {
  readonly store: Store
  /** Newest durable revision. */
  readonly revision: number
  get(key: string): Stored | undefined
  /** The newest value accepted, also while it waits for the disk: what writes build on. */
  getAccepted(key: string): Stored | undefined
  list(prefix: string, options?: { after?: string; limit?: number }): Stored[]
  /**
   * Writes `draft`, which the storage then owns; `expect` 0 means that the key must be new. Further
   * writes happen with it in one commit, or not at all.
   */
  write(
    key: string,
    draft: KubeObject,
    expect: number,
    further?: readonly KeyedDraft[],
  ): Promise<Written>
  /** Removes the key and gives the revision of that. */
  remove(key: string, expect: number): Promise<{ ok: true; revision: number } | { ok: false }>
  /** Resolves when all that was accepted so far is on disk and can be read. */
  settled(): Promise<void>
  decode(bytes: Uint8Array): KubeObject
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function createObjectStorage(store: Store): ObjectStorage {
  const parsed = new WeakMap<Uint8Array, KubeObject>()

  const decode = (bytes: Uint8Array): KubeObject => {
    const known = parsed.get(bytes)
    if (known !== undefined) return known
    const object = deepFreeze(JSON.parse(decoder.decode(bytes)) as KubeObject)
    parsed.set(bytes, object)
    return object
  }
  // Parsed when asked for: a plain list over HTTP needs only the bytes.
  const stored = ({ key, value, revision }: Entry): Stored => ({
    key,
    get object() {
      return decode(value)
    },
    bytes: value,
    revision,
  })
  const encode = (draft: KubeObject, revision: number): Uint8Array => {
    const object = deepFreeze(withRevision(draft, revision))
    const bytes = encoder.encode(JSON.stringify(object))
    parsed.set(bytes, object)
    return bytes
  }

  return {
    store,
    get revision() {
      return store.revision
    },
    decode,
    get(key) {
      const entry = store.get(key)
      return entry && stored(entry)
    },
    getAccepted(key) {
      const entry = store.getAccepted(key)
      return entry && stored(entry)
    },
    list: (prefix, options) => store.list(prefix, options).map(stored),
    async write(key, draft, expect, further = []) {
      let bytes: Uint8Array | undefined
      const operation: Operation = {
        key,
        expect,
        value: (revision) => (bytes = encode(draft, revision)),
      }
      const others = further.map((other): Operation => ({
        key: other.key,
        expect: other.expect,
        value: (revision) => encode(other.draft, revision),
      }))
      const result = await store.commit([operation, ...others])
      if (!result.ok || bytes === undefined) return { ok: false }
      const { revision } = result
      return { ok: true, stored: { key, object: decode(bytes), bytes, revision } }
    },
    async settled() {
      // A commit of nothing waits its turn behind all others.
      await store.commit([])
    },
    async remove(key, expect) {
      const result = await store.commit([{ key, expect, value: null }])
      return result.ok ? { ok: true, revision: result.revision } : { ok: false }
    },
  }
}

const METADATA_FIRST = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const

/** The object with its revision, fields in the order in which Kubernetes writes them. */
export function withRevision(object: KubeObject, revision: number | undefined): KubeObject {
  const { apiVersion, kind, metadata, ...rest } = object
  const ordered: Record<string, unknown> = {}
  const values: Record<string, unknown> = { ...metadata }
  if (revision === undefined) delete values['resourceVersion']
  else values['resourceVersion'] = String(revision)
  for (const key of METADATA_FIRST) if (values[key] !== undefined) ordered[key] = values[key]
  return {
    kind,
    apiVersion,
    metadata: { ...ordered, ...values } as unknown as KubeObject['metadata'],
    ...rest,
  }
}
