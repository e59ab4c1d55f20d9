// What the control plane says of a node: conditions when the node itself is silent, and the taints that
// follow from its conditions. Pure.
import { rfc3339 } from '#base/clock.ts'
import type { Node, NodeCondition, NodeStatus, Taint } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'

export const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'
const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'

/** Conditions that nobody can know while a node is silent. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

export const readyStatusOf = (node: Node): string =>
  conditionOf(node.status?.conditions, 'Ready')?.status ?? 'Unknown'

/** Not so a node that has registered and says nothing yet: its agent is there, and its pods may be well. */
export const isCalledSilent = (node: Node): boolean =>
  conditionOf(node.status?.conditions, 'Ready')?.status === 'Unknown'

/** The status of a silent node; undefined when it says so already. */
export function silentStatus(node: Node, nowMs: number): NodeStatus | undefined {
  const conditions = node.status?.conditions ?? []
  const isKnown = (type: string) => conditionOf(conditions, type)?.status !== 'Unknown'
  const unknown = KUBELET_CONDITIONS.filter(isKnown)
  if (unknown.length === 0) return undefined
  const now = rfc3339(nowMs)
  const silent = (type: string): NodeCondition => ({
    ...conditionOf(conditions, type),
    type,
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
    lastTransitionTime: now,
  })
  const others = conditions.map((condition) =>
    unknown.includes(condition.type) ? silent(condition.type) : condition,
  )
  const missing = unknown.filter((type) => !conditionOf(conditions, type))
  return { ...node.status, conditions: [...others, ...missing.map(silent)] }
}

interface TaintRule {
  key: string
  effect: Taint['effect']
  applies(node: Node): boolean
}

const hasCondition = (type: string, status: string) => (node: Node) =>
  conditionOf(node.status?.conditions, type)?.status === status

/** Taints that this controller sets and removes; others on a node are somebody else's. */
const TAINT_RULES: readonly TaintRule[] = [
  { key: NOT_READY, effect: 'NoSchedule', applies: hasCondition('Ready', 'False') },
  { key: UNREACHABLE, effect: 'NoSchedule', applies: (node) => readyStatusOf(node) === 'Unknown' },
  { key: NOT_READY, effect: 'NoExecute', applies: hasCondition('Ready', 'False') },
  { key: UNREACHABLE, effect: 'NoExecute', applies: (node) => readyStatusOf(node) === 'Unknown' },
  {
    key: 'node.kubernetes.io/memory-pressure',
    effect: 'NoSchedule',
    applies: hasCondition('MemoryPressure', 'True'),
  },
  {
    key: 'node.kubernetes.io/disk-pressure',
    effect: 'NoSchedule',
    applies: hasCondition('DiskPressure', 'True'),
  },
  {
    key: 'node.kubernetes.io/pid-pressure',
    effect: 'NoSchedule',
    applies: hasCondition('PIDPressure', 'True'),
  },
  {
    key: 'node.kubernetes.io/network-unavailable',
    effect: 'NoSchedule',
    applies: hasCondition('NetworkUnavailable', 'True'),
  },
  {
    key: 'node.kubernetes.io/unschedulable',
    effect: 'NoSchedule',
    applies: ({ spec }) => spec.unschedulable ?? false,
  },
]

const isSame = (a: Pick<Taint, 'key' | 'effect'>, b: Pick<Taint, 'key' | 'effect'>): boolean =>
  a.key === b.key && a.effect === b.effect

export type EvictionMode =
  /** NoExecute taints as the conditions say. */
  | 'allowed'
  /** No new ones, old ones stay: it is not this node's turn yet. */
  | 'later'
  /** None at all: when every node is silent, it is we who are cut off. */
  | 'never'

export interface TaintPlan {
  taints: Taint[]
  changed: boolean
  /** A NoExecute taint is new: pods will be evicted. */
  evicts: boolean
  /** One is due and was put off by `later`. */
  putOff: boolean
}

export function planTaints(node: Node, mode: EvictionMode, nowMs: number): TaintPlan {
  const current = node.spec.taints ?? []
  const foreign = current.filter((taint) => !TAINT_RULES.some((rule) => isSame(rule, taint)))
  const plan: TaintPlan = { taints: [...foreign], changed: false, evicts: false, putOff: false }
  for (const rule of TAINT_RULES) {
    const known = current.find((taint) => isSame(taint, rule))
    const isEviction = rule.effect === 'NoExecute'
    const wanted = rule.applies(node) && !(isEviction && mode === 'never')
    if (wanted && known) plan.taints.push(known)
    else if (wanted && isEviction && mode === 'later') plan.putOff = true
    else if (wanted) {
      const { key, effect } = rule
      plan.taints.push({ key, effect, timeAdded: rfc3339(nowMs) })
      plan.evicts ||= isEviction
    }
  }
  plan.changed =
    plan.taints.length !== current.length ||
    plan.taints.some((taint) => !current.some((other) => isSame(taint, other)))
  return plan
}
