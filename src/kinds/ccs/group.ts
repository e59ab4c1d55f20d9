import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'

/** API group of the product's own kinds; they live in the hub. */
export const CCS_GROUP = 'ccs.dev'
export const CCS_VERSION = 'v1alpha1'
export const CCS_API_VERSION = `${CCS_GROUP}/${CCS_VERSION}`

export function ccsRef<T extends KubeObject>(
  kind: string,
  plural: string,
  namespaced: boolean,
): KindRef<T> {
  return { group: CCS_GROUP, version: CCS_VERSION, kind, plural, namespaced }
}
