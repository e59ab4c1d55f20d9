import type { Pod } from '#kinds/k8s/core.ts'

/** Index of pods by the node they are bound to; those bound to none are under "". */
export const BY_NODE = 'node'
export const nodeIndexer = { [BY_NODE]: ({ spec }: Pod): string[] => [spec.nodeName ?? ''] }
