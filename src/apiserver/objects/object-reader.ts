import type { ObjectReader } from '../admission/plugin.ts'
import { keyFor, prefixFor } from '../resources.ts'
import type { ObjectStorage } from './object-storage.ts'

/** Reads what is accepted, also while it waits for the disk: rules must not miss a write before theirs. */
export function createObjectReader(objects: ObjectStorage): ObjectReader {
  return {
    get: (group, plural, namespace, name) =>
      objects.getAccepted(keyFor({ prefix: prefixFor(group, plural) }, namespace, name))?.object,
    list: (group, plural, namespace) => {
      const prefix = prefixFor(group, plural)
      const where = namespace === undefined ? prefix : `${prefix}${namespace}/`
      return objects.list(where).map(({ object }) => object)
    },
  }
}
