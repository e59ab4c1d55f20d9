// Which pods are spread together.
import type { Pod } from '#kinds/k8s/core.ts'
import { controllerOf } from '#kinds/meta.ts'

/**
 * Pods that belong together and are spread: those of one controller, or pods without one that carry
 * the same labels (whatever selects one of them selects all).
 */
export function groupOf({ metadata }: Pod): string {
  const owner = controllerOf({ metadata })
  if (owner) return owner.uid
  const labels = Object.entries(metadata.labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${metadata.namespace ?? ''} ${JSON.stringify(labels)}`
}
