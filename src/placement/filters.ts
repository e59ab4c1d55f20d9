// Reasons a node cannot take a pod, as a table; the words are kube-scheduler's.
import { isNodeWanted } from './node-affinity.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import { hardSpreads } from './spread.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { isTolerated, untoleratedTaint } from './taints.ts'

export interface Refusal {
  /** Names the check, so that callers can tell refusals apart without reading words. */
  filter: string
  reasons: readonly string[]
  /** Whether the node could take the pod if others made room. */
  resolvable: boolean
}

/** What speaks against a node; nothing when it suits. */
type Check = (state: NodeState) => readonly string[]

interface Filter {
  name: string
  resolvable: boolean
  /** What to check of each node; undefined when no node can fail it for this pod. */
  of: (placed: PlacedPod, snapshot: ClusterSnapshot) => Check | undefined
}

const FITS: readonly string[] = []
const UNSCHEDULABLE_TAINT = {
  key: 'node.kubernetes.io/unschedulable',
  effect: 'NoSchedule',
} as const

function cordons({ pod }: PlacedPod): Check | undefined {
  if (isTolerated(UNSCHEDULABLE_TAINT, pod.spec?.tolerations)) return undefined
  return ({ isCordoned }) => (isCordoned ? ['node(s) were unschedulable'] : FITS)
}

function nodeName({ pod }: PlacedPod): Check | undefined {
  const wanted = pod.spec?.nodeName
  if (!wanted) return undefined
  return ({ name }) => (name === wanted ? FITS : ["node(s) didn't match the requested node name"])
}

function taints({ pod }: PlacedPod): Check {
  return (state) => {
    if (state.taints.length === 0) return FITS
    const taint = untoleratedTaint(state.taints, pod.spec?.tolerations)
    return taint ? [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`] : FITS
  }
}

function nodeAffinity({ pod }: PlacedPod): Check | undefined {
  if (!pod.spec?.nodeSelector && !pod.spec?.affinity?.nodeAffinity) return undefined
  return ({ node }) =>
    isNodeWanted(pod, node) ? FITS : ["node(s) didn't match Pod's node affinity/selector"]
}

function hostPorts({ ports }: PlacedPod): Check | undefined {
  if (ports.length === 0) return undefined
  return (state) =>
    ports.every((port) => state.ports.isFree(port))
      ? FITS
      : ["node(s) didn't have free ports for the requested pod ports"]
}

function resources({ requests }: PlacedPod): Check {
  const wanted = [...requests].filter(([, amount]) => amount > 0)
  return (state) => {
    // Called for every node and pod: makes nothing unless there is something to say.
    let reasons: string[] | undefined
    if (state.isFull) (reasons ??= []).push('Too many pods')
    for (const [name, amount] of wanted) {
      const { allocatable, requested } = state.stock(name)
      if (amount > allocatable - requested) (reasons ??= []).push(`Insufficient ${name}`)
    }
    return reasons ?? FITS
  }
}

function exceedsNode({ requests }: PlacedPod, state: NodeState): boolean {
  return [...requests].some(([name, amount]) => amount > state.stock(name).allocatable)
}

function topologySpread({ pod }: PlacedPod, snapshot: ClusterSnapshot): Check | undefined {
  const spreads = hardSpreads(snapshot, pod)
  if (spreads.length === 0) return undefined
  return (state) => {
    for (const { topology, counts, own, least, maxSkew } of spreads) {
      const domain = topology.domainOf(state)
      if (domain === undefined)
        return ["node(s) didn't match pod topology spread constraints (missing required label)"]
      if ((counts.get(domain) ?? 0) + own - least > maxSkew)
        return ["node(s) didn't match pod topology spread constraints"]
    }
    return FITS
  }
}

/** In kube-scheduler's order: a node is refused by the first that says no. */
const FILTERS: readonly Filter[] = [
  { name: 'NodeUnschedulable', resolvable: false, of: cordons },
  { name: 'NodeName', resolvable: false, of: nodeName },
  { name: 'TaintToleration', resolvable: false, of: taints },
  { name: 'NodeAffinity', resolvable: false, of: nodeAffinity },
  { name: 'NodePorts', resolvable: true, of: hostPorts },
  { name: 'NodeResourcesFit', resolvable: true, of: resources },
  { name: 'PodTopologySpread', resolvable: true, of: topologySpread },
]

/** Tells of a node why it cannot take the pod; undefined when it can. */
export function refusalsOf(
  snapshot: ClusterSnapshot,
  placed: PlacedPod,
): (state: NodeState) => Refusal | undefined {
  const checks = FILTERS.flatMap(({ name, resolvable, of }) => {
    const check = of(placed, snapshot)
    return check === undefined ? [] : [{ name, resolvable, check }]
  })
  return (state) => {
    for (const { name, resolvable, check } of checks) {
      const reasons = check(state)
      if (reasons.length === 0) continue
      const hopeless = name === 'NodeResourcesFit' && exceedsNode(placed, state)
      return { filter: name, reasons, resolvable: resolvable && !hopeless }
    }
    return undefined
  }
}
