// How nodes are divided into domains over which pods are spread.
import type { NodeState } from './node-state.ts'

export interface Topology {
  /** Tells topologies apart. */
  key: string
  /** The domain the node lies in; undefined for a node that is in none. */
  domainOf: (state: NodeState) => string | undefined
}

/** Nodes without a zone are one zone together. */
export const zones: Topology = { key: '(zones)', domainOf: ({ zone }) => zone }

export const machines: Topology = { key: '(machines)', domainOf: ({ name }) => name }

export function byLabel(key: string): Topology {
  return { key, domainOf: ({ labels }) => labels[key] }
}
