// Stored objects in the version that a resource shows, and back, of kinds whose versions a webhook converts.
// Of all others the form is cheap, and is taken on where an object is shown.
import type { KubeObject } from '#kinds/object.ts'
import type { Draft } from '../context.ts'
import type { ServedResource } from '../resources.ts'
import { deepFreeze } from './freeze.ts'
import type { Stored } from './object-storage.ts'

/** The same stored objects, as if they were stored in the version of the resource. */
export async function inVersion(
  { conversion, apiVersion }: ServedResource,
  items: readonly Stored[],
): Promise<Stored[]> {
  if (conversion === undefined) return [...items]
  const objects = items.map(({ object }) => object)
  const converted = await conversion.convert(objects, apiVersion)
  return items.map((item, index) => {
    const object = deepFreeze(conversion.complete(converted[index]!, item.object))
    return object === item.object ? item : converting(item, object)
  })
}

export const oneInVersion = async (resource: ServedResource, stored: Stored): Promise<Stored> =>
  resource.conversion === undefined ? stored : (await inVersion(resource, [stored]))[0]!

/** What is to be stored for a draft in the version of the resource. */
export async function toBeStored(
  { conversion }: ServedResource,
  draft: Draft,
): Promise<KubeObject> {
  if (conversion === undefined) return draft
  const [stored] = await conversion.convert([draft], conversion.storedAs)
  return stored!
}

const encoder = new TextEncoder()

const converting = ({ key, revision }: Stored, object: KubeObject): Stored => ({
  key,
  revision,
  object,
  get bytes() {
    return encoder.encode(JSON.stringify(object))
  },
})
