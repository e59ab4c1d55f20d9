// A new node takes no pods until its agent has said that it is ready: the node lifecycle controller
// removes the taint then.
import type { Node } from '#kinds/k8s/core.ts'
import type { AdmissionPlugin } from './plugin.ts'

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  admit({ operation, group, resource, subresource, object }) {
    if (operation !== 'CREATE' || group !== '' || resource !== 'nodes') return
    if (subresource !== undefined || object === undefined) return
    const { spec } = object as Node
    const taints = spec.taints ?? []
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect))
      return
    spec.taints = [...taints, { ...NOT_READY }]
  },
}
