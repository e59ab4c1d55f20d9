// How well a node that can take a pod suits it: a weighted sum of scores from 0 to 100.
import { preferenceMet } from './node-affinity.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import { type SoftSpread, softSpreads } from './spread.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { isTolerated } from './taints.ts'

/** Of a node, and of its place among those compared. */
type Measure = (state: NodeState, index: number) => number

interface Score {
  name: string
  weight: number
  /** What to measure of each node; undefined when all nodes are alike to this pod. */
  of: (candidate: PlacedPod) => Measure | undefined
}

const SCORE_MAX = 100
const MIB = 1024 * 1024
/** Sizes between which a present image counts from nothing to all, for each container. */
const imageSizes = { leastBytes: 23 * MIB, mostBytes: 1000 * MIB }

const withTag = (image: string): string => (/[:@][^/]*$/.test(image) ? image : `${image}:latest`)

function avoidedTaints({ pod }: PlacedPod): Measure {
  return ({ taints }) => {
    if (taints.length === 0) return SCORE_MAX
    const avoided = taints.filter(
      (taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, pod.spec?.tolerations),
    )
    return SCORE_MAX / (1 + avoided.length)
  }
}

function preferredNodes({ pod }: PlacedPod): Measure | undefined {
  const { preferredDuringSchedulingIgnoredDuringExecution: preferred } =
    pod.spec?.affinity?.nodeAffinity ?? {}
  if (!preferred?.length) return undefined
  return ({ node }) => SCORE_MAX * preferenceMet(pod, node)
}

/** Much left of CPU and memory is good; as much of the one as of the other is good too. */
function load({ weight }: PlacedPod): Measure {
  const cpu = weight.get('cpu') ?? 0
  const memory = weight.get('memory') ?? 0
  return (state) => {
    const cpuTaken = shareTaken('cpu', cpu, state)
    const memoryTaken = shareTaken('memory', memory, state)
    const left = 1 - (cpuTaken + memoryTaken) / 2
    const balance = 1 - Math.abs(cpuTaken - memoryTaken) / 2
    return (SCORE_MAX * (left + balance)) / 2
  }
}

/** Share of the node's resource that would be taken, at most 1. */
function shareTaken(resource: string, wanted: number, state: NodeState): number {
  const { allocatable, weight } = state.stock(resource)
  return allocatable === 0 ? 1 : Math.min(1, (weight + wanted) / allocatable)
}

function presentImages({ pod }: PlacedPod): Measure | undefined {
  const images = (pod.spec?.containers ?? []).map(({ image }) => withTag(image ?? ''))
  const most = imageSizes.mostBytes * images.length
  return (state) => {
    if (state.images.size === 0) return 0
    let present = 0
    for (const image of images) present += state.images.get(image) ?? 0
    const share = (present - imageSizes.leastBytes) / (most - imageSizes.leastBytes)
    return SCORE_MAX * Math.max(0, Math.min(1, share))
  }
}

/** What a user says outweighs spreading (spread.ts, 3 to 6); spreading outweighs the load. */
const SCORES: readonly Score[] = [
  { name: 'TaintToleration', weight: 10, of: avoidedTaints },
  { name: 'NodeAffinity', weight: 10, of: preferredNodes },
  { name: 'Load', weight: 2, of: load },
  { name: 'ImageLocality', weight: 1, of: presentImages },
]

/** Falls steeply with each pod above the emptiest domain: a skew of one already tells. */
function spreadMeasure({ topology, counts }: SoftSpread, states: readonly NodeState[]): Measure {
  const pods = states.map((state) => {
    const domain = topology.domainOf(state)
    return domain === undefined ? Infinity : (counts.get(domain) ?? 0)
  })
  let least = Infinity
  for (const each of pods) if (each < least) least = each
  return (_, index) => {
    const own = pods[index]!
    return own === Infinity ? 0 : SCORE_MAX / (1 + own - least)
  }
}

interface WeightedMeasure {
  weight: number
  measure: Measure
}

function measuresOf(
  snapshot: ClusterSnapshot,
  placed: PlacedPod,
  states: readonly NodeState[],
): WeightedMeasure[] {
  const spreads = softSpreads(snapshot, placed).map((spread) => ({
    weight: spread.weight,
    measure: spreadMeasure(spread, states),
  }))
  const scores = SCORES.flatMap(({ weight, of }) => {
    const measure = of(placed)
    return measure === undefined ? [] : [{ weight, measure }]
  })
  return [...spreads, ...scores]
}

/** The best of the nodes; of equals, the one whose name comes first. */
export function bestOf(
  snapshot: ClusterSnapshot,
  placed: PlacedPod,
  states: readonly NodeState[],
): NodeState {
  const measures = measuresOf(snapshot, placed, states)
  let best: NodeState | undefined
  let bestScore = -Infinity
  for (const [index, state] of states.entries()) {
    let score = 0
    for (const { weight, measure } of measures) score += weight * measure(state, index)
    const isBetter =
      best === undefined || score > bestScore || (score === bestScore && state.name < best.name)
    if (!isBetter) continue
    best = state
    bestScore = score
  }
  if (best === undefined) throw new RangeError('no node to choose from')
  return best
}
