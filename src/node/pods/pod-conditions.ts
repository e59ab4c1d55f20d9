import { rfc3339 } from '#base/clock.ts'
import type { ContainerStatus, PodCondition, PodStatus } from '#kinds/k8s/core.ts'
import { type PodView, initContainersOf, isSidecar } from './pod-view.ts'

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>

export interface ConditionInput {
  phase: NonNullable<PodStatus['phase']>
  containerStatuses: readonly ContainerStatus[]
  initContainerStatuses: readonly ContainerStatus[]
}

const YES: Verdict = { status: 'True' }

function initialized(view: PodView, input: ConditionInput): Verdict {
  if (input.phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  const inits = initContainersOf(view.pod)
  const incomplete = input.initContainerStatuses
    .filter((status, at) => {
      const container = inits[at]
      return container !== undefined && isSidecar(container) ? !status.started : !status.ready
    })
    .map(({ name }) => name)
  // Once the pod's own containers ran, sidecars that restart do not undo it.
  const ran = input.containerStatuses.some(({ containerID }) => containerID !== undefined)
  if (incomplete.length === 0 || ran) return YES
  const message = `containers with incomplete status: [${incomplete.join(' ')}]`
  return { status: 'False', reason: 'ContainersNotInitialized', message }
}

function containersReady(view: PodView, input: ConditionInput): Verdict {
  if (input.phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (input.phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const inits = initContainersOf(view.pod)
  const sidecars = input.initContainerStatuses.filter((_, at) => isSidecar(inits[at]!))
  const unready = [...sidecars, ...input.containerStatuses]
    .filter(({ ready }) => !ready)
    .map(({ name }) => name)
  if (unready.length === 0) return YES
  const message = `containers with unready status: [${unready.join(' ')}]`
  return { status: 'False', reason: 'ContainersNotReady', message }
}

function podReady(view: PodView, containers: Verdict): Verdict {
  if (containers.status !== 'True') return containers
  const { pod } = view
  const messages = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType)
    if (gate?.status === 'True') return []
    return [
      gate === undefined
        ? `corresponding condition of pod readiness gate "${conditionType}" does not exist.`
        : `the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`,
    ]
  })
  if (messages.length === 0) return YES
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') }
}

/** A pod that is over starts nothing any more, also while its sandbox is still being given back. */
function readyToStart(view: PodView, { phase }: ConditionInput): Verdict {
  const sandbox = view.sandboxes[0]
  const over = phase === 'Succeeded' || phase === 'Failed'
  const usable = !over && sandbox?.state === 'ready' && !view.stoppedSandboxes.has(sandbox.id)
  return { status: usable ? 'True' : 'False' }
}

/** All conditions of the pod; those that are not the agent's stay as they are. */
export function podConditions(view: PodView, input: ConditionInput): PodCondition[] {
  const { pod, nowMs } = view
  const before = pod.status?.conditions ?? []
  const containers = containersReady(view, input)
  const own: [string, Verdict][] = [
    ['PodReadyToStartContainers', readyToStart(view, input)],
    ['Initialized', initialized(view, input)],
    ['Ready', podReady(view, containers)],
    ['ContainersReady', containers],
  ]
  if (view.eviction !== undefined) {
    const { message } = view.eviction
    own.push(['DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message }])
  }
  const generation =
    pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }
  const updated = own.map(([type, verdict]) => {
    const known = before.find((condition) => condition.type === type)
    const same = known?.status === verdict.status
    const lastTransitionTime = (same ? known.lastTransitionTime : undefined) ?? rfc3339(nowMs)
    const lastProbeTime = known?.lastProbeTime ?? null
    return { type, ...generation, ...verdict, lastProbeTime, lastTransitionTime }
  })
  const types = new Set(own.map(([type]) => type))
  const others = before
    .filter(({ type }) => !types.has(type))
    .map((c) => (c.type === 'PodScheduled' ? { ...c, ...generation } : c))
  return [...updated, ...others]
}
