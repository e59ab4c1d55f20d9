// Whether a machine takes a pod that was given to it: as a kubelet, the agent checks for itself what a
// scheduler may have overlooked or was never asked.
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { wantedNodes } from '#placement/node-affinity.ts'
import { NodeState, type PlacedPod, placedPod } from '#placement/node-state.ts'
import { untoleratedTaint } from '#placement/taints.ts'
import { sysctlProblem } from '../container/sysctls.ts'

export interface Refusal {
  /** A word, such as "OutOfcpu". */
  reason: string
  message: string
}

export interface Admission {
  pod: Pod
  node: Node
  /** The pods that the machine has taken and that are not over. */
  others: readonly Pod[]
}

type Check = (placed: PlacedPod, state: NodeState) => Refusal | undefined

function outOf(resource: string, amounts: { requested: number; used: number; capacity: number }) {
  const { requested, used, capacity } = amounts
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  }
}

const predicate = (name: string, why: string): Refusal => ({
  reason: name,
  message: `Predicate ${name} failed: ${why}`,
})

const OS = 'linux'

const system: Check = ({ pod }) =>
  pod.spec.os === undefined || pod.spec.os.name === OS
    ? undefined
    : {
        reason: 'PodOSNotSupported',
        message: "Failed to admit pod as the OS field doesn't match node OS",
      }

const places: Check = (_, state) => {
  if (!state.isFull) return undefined
  const capacity = state.stock('pods').allocatable
  return outOf('pods', { requested: 1, used: state.pods.size, capacity })
}

const resources: Check = ({ requests }, state) => {
  for (const [name, requested] of requests) {
    const { allocatable: capacity, requested: used } = state.stock(name)
    if (requested > 0 && requested > capacity - used)
      return outOf(name, { requested, used, capacity })
  }
  return undefined
}

const affinity: Check = ({ pod }, state) =>
  (wantedNodes(pod)?.(state.node) ?? true)
    ? undefined
    : predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")

const ports: Check = (placed, state) =>
  placed.ports.every((port) => state.ports.isFree(port))
    ? undefined
    : predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports")

/** Only taints that would drive the pod away at once. */
const taints: Check = ({ pod }, state) => {
  const driving = state.taints.filter(({ effect }) => effect === 'NoExecute')
  return untoleratedTaint(driving, pod.spec.tolerations) === undefined
    ? undefined
    : predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate")
}

const sysctls: Check = ({ pod }) => {
  const message = sysctlProblem(pod)
  return message === undefined ? undefined : { reason: 'SysctlForbidden', message }
}

/** The runtime always joins the groups that the image gives its user. */
const groups: Check = ({ pod }) =>
  pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict'
    ? {
        reason: 'SupplementalGroupsPolicyNotSupported',
        message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
      }
    : undefined

/** In a kubelet's order: the first that says no is told. */
const CHECKS: readonly Check[] = [
  system,
  places,
  resources,
  affinity,
  ports,
  taints,
  sysctls,
  groups,
]

/** Why the machine cannot take the pod, in a kubelet's words; undefined when it can. */
export function refusalOf({ pod, node, others }: Admission): Refusal | undefined {
  // A node that has not yet said what it has refuses nothing.
  if (node.status?.allocatable?.['pods'] === undefined) return undefined
  const state = new NodeState(node.metadata.name)
  state.set(node)
  for (const [at, other] of others.entries()) state.addPod(String(at), placedPod(other))
  const placed = placedPod(pod)
  for (const check of CHECKS) {
    const refusal = check(placed, state)
    if (refusal !== undefined) return refusal
  }
  return undefined
}
