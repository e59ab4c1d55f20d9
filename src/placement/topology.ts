// How nodes are divided into domains over which pods are spread.
import type { NodeState } from './node-state.ts'

export interface Topology {
  /** Tells topologies apart. */
  key: string
  /** The domain the node lies in; undefined for a node that is in none. */
  domainOf: (state: NodeState) => string | undefined
  /** Whether every node is a domain of its own. */
  isByNode?: boolean
}

export const HOSTNAME_LABEL = 'kubernetes.io/hostname'

/** Nodes without a zone are one zone together. */
export const zones: Topology = { key: '(zones)', domainOf: ({ zone }) => zone }

export const machines: Topology = {
  key: '(machines)',
  domainOf: ({ name }) => name,
  isByNode: true,
}

export function byLabel(key: string): Topology {
  return { key, domainOf: ({ labels }) => labels[key], isByNode: key === HOSTNAME_LABEL }
}

/** By the label `key`, of the nodes that have all the labels `required`. */
export function byLabelAmong(key: string, required: readonly string[]): Topology {
  const others = required.filter((each) => each !== key).toSorted()
  if (others.length === 0) return byLabel(key)
  return {
    key: `${key} with ${others.join()}`,
    domainOf: ({ labels }) =>
      others.every((each) => labels[each] !== undefined) ? labels[key] : undefined,
    isByNode: key === HOSTNAME_LABEL,
  }
}
