// How well a node that can take a pod suits it: a weighted sum of scores from 0 to 100. Names, weights
// and formulas are those of kube-scheduler's plugins with its default configuration; the scores are
// not rounded, so that a small difference still tells.
import { preferredNodes } from './node-affinity.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import { podLiking } from './pod-affinity.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { spreadScore } from './spread-score.ts'
import { isTolerated } from './taints.ts'

/** A score of each of the nodes compared; undefined when all nodes are alike to this pod. */
export type Scorer = (
  candidate: PlacedPod,
  states: readonly NodeState[],
  snapshot: ClusterSnapshot,
) => ArrayLike<number> | undefined

export const SCORE_MAX = 100

const MIB = 1024 * 1024
/** Sizes between which a present image counts from nothing to all; the most is for each container. */
const imageSizes = { leastBytes: 23 * MIB, mostBytes: 1000 * MIB }

const withTag = (image: string): string => (/[:@][^/]*$/.test(image) ? image : `${image}:latest`)

function avoidedTaints({ pod }: PlacedPod, states: readonly NodeState[]): number[] | undefined {
  if (states.every(({ taints }) => taints.length === 0)) return undefined
  const counts = states.map(({ taints }) =>
    taints.reduce(
      (sum, taint) =>
        taint.effect === 'PreferNoSchedule' && !isTolerated(taint, pod.spec?.tolerations)
          ? sum + 1
          : sum,
      0,
    ),
  )
  const most = largest(counts)
  return most === 0 ? undefined : counts.map((count) => SCORE_MAX * (1 - count / most))
}

function nodeAffinity({ pod }: PlacedPod, states: readonly NodeState[]): number[] | undefined {
  const weightOf = preferredNodes(pod)
  if (weightOf === undefined) return undefined
  const weights = states.map(({ node }) => weightOf(node))
  const most = largest(weights)
  return most === 0 ? undefined : weights.map((weight) => (SCORE_MAX * weight) / most)
}

function podAffinity(
  candidate: PlacedPod,
  states: readonly NodeState[],
  snapshot: ClusterSnapshot,
): number[] | undefined {
  const likingOf = podLiking(candidate, snapshot)
  if (likingOf === undefined) return undefined
  const likings = states.map(likingOf)
  const [least, most] = [smallest(likings), largest(likings)]
  if (least === most) return undefined
  return likings.map((liking) => (SCORE_MAX * (liking - least)) / (most - least))
}

/** Much left of CPU and memory is good; as much of the one as of the other is good too. */
function load({ weight }: PlacedPod, states: readonly NodeState[]): number[] {
  const cpu = weight.get('cpu') ?? 0
  const memory = weight.get('memory') ?? 0
  return states.map((state) => {
    const cpuTaken = shareTaken('cpu', cpu, state)
    const memoryTaken = shareTaken('memory', memory, state)
    const left = 1 - (cpuTaken + memoryTaken) / 2
    const balance = 1 - Math.abs(cpuTaken - memoryTaken) / 2
    return SCORE_MAX * (left + balance)
  })
}

/** Share of the node's resource that would be taken, at most 1. */
function shareTaken(resource: string, wanted: number, state: NodeState): number {
  const { allocatable, weight } = state.stock(resource)
  return allocatable === 0 ? 1 : Math.min(1, (weight + wanted) / allocatable)
}

/** An image that few nodes have draws little, lest all its pods come to these few. */
function presentImages(
  { pod }: PlacedPod,
  states: readonly NodeState[],
  snapshot: ClusterSnapshot,
): number[] | undefined {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const all = snapshot.nodes.length
  const images = containers
    .map(({ image }) => withTag(image ?? ''))
    .map((name) => ({ name, share: snapshot.nodesWithImage(name) / all }))
  if (images.every(({ share }) => share === 0)) return undefined
  const most = imageSizes.mostBytes * images.length
  return states.map((state) => {
    let present = 0
    for (const { name, share } of images) present += share * (state.images.get(name) ?? 0)
    const part = (present - imageSizes.leastBytes) / (most - imageSizes.leastBytes)
    return SCORE_MAX * Math.max(0, Math.min(1, part))
  })
}

const SCORES: readonly { name: string; weight: number; scorer: Scorer }[] = [
  { name: 'TaintToleration', weight: 3, scorer: avoidedTaints },
  { name: 'NodeAffinity', weight: 2, scorer: nodeAffinity },
  { name: 'PodTopologySpread', weight: 2, scorer: spreadScore },
  { name: 'InterPodAffinity', weight: 2, scorer: podAffinity },
  { name: 'NodeResourcesFit, NodeResourcesBalancedAllocation', weight: 1, scorer: load },
  { name: 'ImageLocality', weight: 1, scorer: presentImages },
]

// A spread of thousands of numbers over arguments would overflow the stack.
const largest = (numbers: readonly number[]): number =>
  numbers.reduce((most, each) => Math.max(most, each), -Infinity)

const smallest = (numbers: readonly number[]): number =>
  numbers.reduce((least, each) => Math.min(least, each), Infinity)

/** The best of the nodes; of equals, the one whose name comes first. */
export function bestOf(
  snapshot: ClusterSnapshot,
  candidate: PlacedPod,
  states: readonly NodeState[],
): NodeState {
  const sums = new Float64Array(states.length)
  for (const { weight, scorer } of SCORES) {
    const scores = states.length > 1 ? scorer(candidate, states, snapshot) : undefined
    if (scores === undefined) continue
    for (let index = 0; index < sums.length; index++) sums[index]! += weight * scores[index]!
  }
  let best = 0
  for (let index = 1; index < sums.length; index++) {
    const isBetter =
      sums[index]! > sums[best]! ||
      (sums[index] === sums[best] && states[index]!.name < states[best]!.name)
    if (isBetter) best = index
  }
  const state = states[best]
  if (state === undefined) throw new RangeError('no node to choose from')
  return state
}
