// Makes an object in a cluster be as we want it. The rule (docs/decisions/0022): a field that we write is ours
// and is set back when someone changes it; every other field is left as it is.
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { annotations } from './names.ts'

type Plain = Record<string, unknown>

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What Kubernetes leaves out when it writes an object, so that it never comes back. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value)
    ? value.length === 0
    : isPlain(value) && Object.values(value).every(isEmpty))

/**
 * Paths at which `live` is not as wanted. `live` may have more fields, but no more items, and not those that `wanted`
 * names as undefined.
 */
export function differences(live: unknown, wanted: unknown, path = ''): string[] {
  if (live === undefined && isEmpty(wanted)) return []
  if (isPlain(wanted)) {
    if (!isPlain(live)) return [path]
    const own = Object.entries(wanted).flatMap(([key, value]) => {
      if (value !== undefined) return differences(live[key], value, `${path}.${key}`)
      return isEmpty(live[key]) ? [] : [`${path}.${key}`]
    })
    return [...own, ...surplus(live, wanted, path)]
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length !== wanted.length) return [path]
    return wanted.flatMap((item, i) => differences(live[i], item, `${path}[${i}]`))
  }
  return live === wanted ? [] : [path]
}

export const covers = (live: unknown, wanted: unknown): boolean =>
  differences(live, wanted).length === 0

/** Maps that are ours as a whole, since a key that is not wanted cannot be named. */
const WHOLE_MAPS = new Set(['requests', 'limits'])

const surplus = (live: Plain, wanted: Plain, path: string): string[] =>
  WHOLE_MAPS.has(path.split('.').at(-1)!)
    ? Object.keys(live)
        .filter((key) => !Object.hasOwn(wanted, key))
        .map((key) => `${path}.${key}`)
    : []

const nameOf = (value: unknown) => (isPlain(value) ? value['name'] : undefined)

/**
 * `live` with everything of `wanted` laid over it, and without what `wanted` names as undefined. Lists are taken from
 * `wanted`; a container keeps what others set in the one of its name.
 */
export function overlay(live: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted)) return wanted.map((item) => overlay(undefined, item))
  if (!isPlain(wanted)) return wanted
  const out: Plain = isPlain(live) ? { ...live } : {}
  for (const [key, value] of Object.entries(wanted)) {
    if (value === undefined) delete out[key]
    else if (key === 'containers' && Array.isArray(value))
      out[key] = value.map((item) => overlay(containerOf(out[key], nameOf(item)), item))
    else out[key] = overlay(WHOLE_MAPS.has(key) ? undefined : out[key], value)
  }
  return out
}

const containerOf = (containers: unknown, name: unknown): unknown =>
  Array.isArray(containers) ? containers.find((one) => nameOf(one) === name) : undefined

type Specified = KubeObject & { spec?: unknown }

export interface Update<T> {
  /** As it shall be, or is once it was written. */
  object: T
  /** Fields that someone else had changed and that are set back. */
  reverted: string[]
}

/** What to write over `live` so that it is as `wanted`, or undefined when it is already. */
export function planUpdate<T extends Specified>(live: T, wanted: T): Update<T> | undefined {
  const known = live.metadata.annotations?.[annotations.desired]
  const sameWish = known === wanted.metadata.annotations?.[annotations.desired]
  const different = [
    ...differences(live.metadata, wanted.metadata, 'metadata'),
    ...differences(live.spec, wanted.spec, 'spec'),
  ]
  if (different.length === 0) return undefined
  return {
    object: {
      ...live,
      metadata: overlay(live.metadata, wanted.metadata),
      spec: overlay(live.spec, wanted.spec),
    } as T,
    reverted: sameWish ? different : [],
  }
}

/** Creates or updates. Conflicts are for the caller to retry. */
export async function applyDesired<T extends Specified>(
  client: Client,
  kind: KindRef<T>,
  wanted: T,
): Promise<Update<T>> {
  const resource = client.resource(kind)
  let live: T
  try {
    live = await resource.get(wanted.metadata)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    return { object: await resource.create(overlay(undefined, wanted) as T), reverted: [] }
  }
  const update = planUpdate(live, wanted)
  if (update === undefined) return { object: live, reverted: [] }
  return { object: await resource.update(update.object), reverted: update.reverted }
}

/** Deletes what is there; its absence is what was wanted. */
export async function deleteIfThere<T extends KubeObject>(
  client: Client,
  kind: KindRef<T>,
  place: { namespace?: string | undefined; name: string },
): Promise<void> {
  try {
    await client.resource(kind).delete(place, { propagationPolicy: 'Background' })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
