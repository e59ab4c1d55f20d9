// Pods stay for five minutes on a node that stopped answering, unless they say otherwise.
import type { Pod, Toleration } from '#kinds/k8s/core.ts'
import type { AdmissionPlugin } from './plugin.ts'

const SECONDS = 300
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit({ operation, group, resource, subresource, object }) {
    if (operation === 'DELETE' || group !== '' || resource !== 'pods') return
    if (subresource !== undefined || object === undefined) return
    const { spec } = object as Pod
    const tolerations = spec.tolerations ?? []
    const missing = KEYS.filter((key) => !tolerations.some((one) => tolerates(one, key)))
    if (missing.length === 0) return
    spec.tolerations = [
      ...tolerations,
      ...missing.map((key) => ({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: SECONDS,
      })),
    ] as Toleration[]
  },
}

function tolerates({ key, effect }: Toleration, wanted: string): boolean {
  return (!key || key === wanted) && (!effect || effect === 'NoExecute')
}
