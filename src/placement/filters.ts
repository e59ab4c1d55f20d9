// Reasons a node cannot take a pod, as a table; the words are kube-scheduler's.
import { wantedNames, wantedNodes } from './node-affinity.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import { podAffinity } from './pod-affinity.ts'
import { type Check, type Refusal, refusal } from './refusal.ts'
import { topologySpread } from './spread-check.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { isTolerated, untoleratedTaint } from './taints.ts'

/** What to check of each node; undefined when no node can fail it for this pod. */
type Filter = (placed: PlacedPod, snapshot: ClusterSnapshot) => Check | undefined

const UNSCHEDULABLE_TAINT = {
  key: 'node.kubernetes.io/unschedulable',
  effect: 'NoSchedule',
} as const

/** Bit of what a node lacks; those above are of the resources asked for, in their order. */
const TOO_MANY = 1

const CORDONED = refusal('NodeUnschedulable', 'node(s) were unschedulable', false)
const OTHER_NAME = refusal('NodeName', "node(s) didn't match the requested node name", false)
const TAINTED = refusal('TaintToleration', 'node(s) had untolerated taint(s)', false)
const NOT_AMONG = refusal('NodeAffinity', "node(s) didn't satisfy plugin(s) [NodeAffinity]", false)
const UNWANTED = refusal('NodeAffinity', "node(s) didn't match Pod's node affinity/selector", false)
const PORTS_TAKEN = refusal(
  'NodePorts',
  "node(s) didn't have free ports for the requested pod ports",
  true,
)

function cordons({ pod }: PlacedPod): Check | undefined {
  if (isTolerated(UNSCHEDULABLE_TAINT, pod.spec?.tolerations)) return undefined
  return { refuse: ({ isCordoned }) => (isCordoned ? CORDONED : undefined) }
}

function nodeName({ pod }: PlacedPod): Check | undefined {
  const wanted = pod.spec?.nodeName
  if (!wanted) return undefined
  return { refuse: ({ name }) => (name === wanted ? undefined : OTHER_NAME) }
}

function taints({ pod }: PlacedPod): Check {
  return {
    refuse(state) {
      if (state.taints.length === 0) return undefined
      return untoleratedTaint(state.taints, pod.spec?.tolerations) ? TAINTED : undefined
    },
  }
}

/** A pod limited to some nodes by their names never looks at the others. */
function nodeNames({ pod }: PlacedPod): Check | undefined {
  const names = wantedNames(pod)
  return names && { refuse: ({ name }) => (names.has(name) ? undefined : NOT_AMONG) }
}

function nodeAffinity({ pod }: PlacedPod): Check | undefined {
  const isWanted = wantedNodes(pod)
  return isWanted && { refuse: ({ node }) => (isWanted(node) ? undefined : UNWANTED) }
}

function hostPorts({ ports }: PlacedPod): Check | undefined {
  if (ports.length === 0) return undefined
  return {
    refuse: (state) => (ports.every((port) => state.ports.isFree(port)) ? undefined : PORTS_TAKEN),
  }
}

function resources({ requests }: PlacedPod): Check {
  const wanted = [...requests].filter(([, amount]) => amount > 0)
  // Of thousands of nodes most are refused for the same reasons: those are put into words once.
  const refusals = new Map<number, Refusal>()
  const inWords = (lacks: number, isResolvable: boolean): Refusal => {
    const key = lacks * 2 + Number(isResolvable)
    const known = refusals.get(key)
    if (known) return known
    const reasons = wanted.flatMap(([name], index) =>
      lacks & (2 << index) ? [`Insufficient ${name}`] : [],
    )
    if (lacks & TOO_MANY) reasons.unshift('Too many pods')
    const refused = { filter: 'NodeResourcesFit', reasons, isResolvable }
    refusals.set(key, refused)
    return refused
  }
  return {
    refuse(state) {
      let lacks = state.isFull ? TOO_MANY : 0
      let isResolvable = true
      for (let index = 0; index < wanted.length; index++) {
        const [name, amount] = wanted[index]!
        const { allocatable, requested } = state.stock(name)
        if (amount <= allocatable - requested) continue
        lacks |= 2 << index
        // What is more than the whole node is not to be had by making room.
        if (amount > allocatable) isResolvable = false
      }
      return lacks === 0 ? undefined : inWords(lacks, isResolvable)
    },
  }
}

/** In kube-scheduler's order: a node is refused by the first that says no. */
const FILTERS: readonly Filter[] = [
  nodeNames,
  cordons,
  nodeName,
  taints,
  nodeAffinity,
  hostPorts,
  resources,
  topologySpread,
  podAffinity,
]

/** What one pod asks of nodes, read once: it is asked of thousands. */
export class Requirements {
  readonly placed: PlacedPod
  readonly #checks: readonly Check[]

  constructor(placed: PlacedPod, snapshot: ClusterSnapshot) {
    this.placed = placed
    this.#checks = FILTERS.flatMap((filter) => filter(placed, snapshot) ?? [])
  }

  /** Why the node cannot take the pod; undefined when it can. */
  refusalOf(state: NodeState): Refusal | undefined {
    const refused = this.#refusalOf(state)
    if (refused !== undefined || state.nominated.size === 0) return refused
    return this.#refusalBesideNominated(state)
  }

  /** Supposes that a pod came to the node or left it; `state` itself is changed by the caller. */
  suppose(placed: PlacedPod, state: NodeState, change: 1 | -1): void {
    for (const check of this.#checks) check.suppose?.(placed, state, change)
  }

  #refusalOf(state: NodeState): Refusal | undefined {
    for (const check of this.#checks) {
      const refused = check.refuse(state)
      if (refused !== undefined) return refused
    }
    return undefined
  }

  /** Room that was made for pods of the same or a higher priority is theirs. */
  #refusalBesideNominated(state: NodeState): Refusal | undefined {
    const { priority, key: own } = this.placed
    const others = [...state.nominated].filter(
      ([key, other]) => key !== own && other.priority >= priority && !state.pods.has(key),
    )
    if (others.length === 0) return undefined
    const supposed = state.copy()
    for (const [key, other] of others) {
      supposed.addPod(key, other)
      this.suppose(other, state, 1)
    }
    const refused = this.#refusalOf(supposed)
    for (const [, other] of others) this.suppose(other, state, -1)
    return refused
  }
}
