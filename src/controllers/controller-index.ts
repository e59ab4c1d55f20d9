// Index of informers: objects by the uid of their controller, those without one by namespace.
import { controllerOf } from '#kinds/meta.ts'
import type { KubeObject } from '#kinds/object.ts'

export const BY_CONTROLLER = 'controller'

export const orphansOf = (namespace: string | undefined): string => `orphans/${namespace ?? ''}`

export const controllerIndexer = {
  [BY_CONTROLLER]: (object: KubeObject): string[] => [
    controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace),
  ],
}
