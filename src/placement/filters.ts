// Reasons a node cannot take a pod, as a table; the words are kube-scheduler's.
import type { Pod } from '#kinds/k8s/core.ts'
import { isNodeWanted } from './node-affinity.ts'
import { type NodeState, type PlacedPod, placedPod } from './node-state.ts'
import { type HardSpread, hardSpreads } from './spread.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { isTolerated, untoleratedTaint } from './taints.ts'

/** A pod to place, with what must be computed only once for all nodes. */
export interface Candidate extends PlacedPod {
  spreads: readonly HardSpread[]
}

export function candidateOf(snapshot: ClusterSnapshot, pod: Pod): Candidate {
  return { ...placedPod(pod), spreads: hardSpreads(snapshot, pod) }
}

export interface Refusal {
  /** Names the check, so that callers can tell refusals apart without reading words. */
  filter: string
  reasons: readonly string[]
  /** Whether the node could take the pod if others made room. */
  resolvable: boolean
}

interface Filter {
  name: string
  resolvable: boolean
  check: (candidate: Candidate, state: NodeState) => readonly string[]
}

const FITS: readonly string[] = []
const UNSCHEDULABLE_TAINT = {
  key: 'node.kubernetes.io/unschedulable',
  effect: 'NoSchedule',
} as const

function resourceReasons({ requests }: Candidate, state: NodeState): readonly string[] {
  // Called for every node and pod: makes nothing unless there is something to say.
  let reasons: string[] | undefined
  if (state.pods.size + 1 > state.podsMax) (reasons ??= []).push('Too many pods')
  for (const [name, amount] of requests)
    if (amount > 0 && amount > state.free(name)) (reasons ??= []).push(`Insufficient ${name}`)
  return reasons ?? FITS
}

function exceedsNode({ requests }: Candidate, state: NodeState): boolean {
  return [...requests].some(([name, amount]) => amount > (state.allocatable.get(name) ?? 0))
}

function spreadReasons({ spreads }: Candidate, state: NodeState): readonly string[] {
  for (const { domainOf, counts, own, least, maxSkew } of spreads) {
    const domain = domainOf(state)
    if (domain === undefined)
      return ["node(s) didn't match pod topology spread constraints (missing required label)"]
    if ((counts.get(domain) ?? 0) + own - least > maxSkew)
      return ["node(s) didn't match pod topology spread constraints"]
  }
  return FITS
}

/** In kube-scheduler's order: a node is refused by the first that says no. */
const FILTERS: readonly Filter[] = [
  {
    name: 'NodeUnschedulable',
    resolvable: false,
    check: ({ pod }, { node }) =>
      node.spec?.unschedulable && !isTolerated(UNSCHEDULABLE_TAINT, pod.spec?.tolerations)
        ? ['node(s) were unschedulable']
        : FITS,
  },
  {
    name: 'NodeName',
    resolvable: false,
    check: ({ pod }, { name }) =>
      pod.spec?.nodeName && pod.spec.nodeName !== name
        ? ["node(s) didn't match the requested node name"]
        : FITS,
  },
  {
    name: 'TaintToleration',
    resolvable: false,
    check: ({ pod }, { node }) => {
      const taint = untoleratedTaint(node.spec?.taints, pod.spec?.tolerations)
      return taint ? [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`] : FITS
    },
  },
  {
    name: 'NodeAffinity',
    resolvable: false,
    check: ({ pod }, { node }) =>
      isNodeWanted(pod, node) ? FITS : ["node(s) didn't match Pod's node affinity/selector"],
  },
  {
    name: 'NodePorts',
    resolvable: true,
    check: ({ ports }, state) =>
      ports.every((port) => state.ports.isFree(port))
        ? FITS
        : ["node(s) didn't have free ports for the requested pod ports"],
  },
  { name: 'NodeResourcesFit', resolvable: true, check: resourceReasons },
  { name: 'PodTopologySpread', resolvable: true, check: spreadReasons },
]

/** Why the node cannot take the pod; undefined when it can. */
export function refusalOf(candidate: Candidate, state: NodeState): Refusal | undefined {
  for (const { name, check, resolvable } of FILTERS) {
    const reasons = check(candidate, state)
    if (reasons.length === 0) continue
    const hopeless = name === 'NodeResourcesFit' && exceedsNode(candidate, state)
    return { filter: name, reasons, resolvable: resolvable && !hopeless }
  }
  return undefined
}
