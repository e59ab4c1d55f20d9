// Makes an object in a cluster be as we want it, leaving what others set alone.
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { annotations } from './names.ts'

type Plain = Record<string, unknown>

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether everything in `wanted` is in `live` too; `live` may have more fields, but no more items. */
export function covers(live: unknown, wanted: unknown): boolean {
  if (isPlain(wanted))
    return isPlain(live) && Object.entries(wanted).every(([key, value]) => covers(live[key], value))
  if (Array.isArray(wanted))
    return (
      Array.isArray(live) &&
      live.length === wanted.length &&
      wanted.every((item, i) => covers(live[i], item))
    )
  return live === wanted
}

/** `live` with everything of `wanted` laid over it; arrays are taken from `wanted` whole. */
export function overlay(live: unknown, wanted: unknown): unknown {
  if (!isPlain(wanted)) return wanted
  if (!isPlain(live)) return wanted
  const out: Plain = { ...live }
  for (const [key, value] of Object.entries(wanted)) out[key] = overlay(live[key], value)
  return out
}

/** Fields of a spec that the cluster fills and that an update must carry along. */
const KEPT: Record<string, string[]> = {
  Service: ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort'],
}

/** What to write over `live` so that it is as `wanted`, or undefined when it is already. */
export function planUpdate<T extends KubeObject & { spec?: unknown }>(
  live: T,
  wanted: T,
): T | undefined {
  const known = live.metadata.annotations?.[annotations.desired]
  const sameWish = known === wanted.metadata.annotations?.[annotations.desired]
  if (sameWish && covers(live, wanted)) return undefined
  const metadata = overlay(live.metadata, wanted.metadata)
  if (sameWish) return { ...live, metadata, spec: overlay(live.spec, wanted.spec) } as T
  const kept = (KEPT[wanted.kind] ?? []).flatMap((key) => {
    const value = (live.spec as Plain | undefined)?.[key]
    return value === undefined ? [] : [[key, value] as const]
  })
  return {
    ...live,
    metadata,
    spec: { ...Object.fromEntries(kept), ...(wanted.spec as Plain) },
  } as T
}

/** Creates or updates; returns what is there afterwards. Conflicts are for the caller to retry. */
export async function applyDesired<T extends KubeObject & { spec?: unknown }>(
  client: Client,
  kind: KindRef<T>,
  wanted: T,
): Promise<T> {
  const resource = client.resource(kind)
  let live: T
  try {
    live = await resource.get(wanted.metadata)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    return resource.create(wanted)
  }
  const update = planUpdate(live, wanted)
  return update === undefined ? live : resource.update(update)
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
