// What to do next for a pod: a pure function of what is seen. Long work runs beside the loop; a
// plan never repeats what is under way.
import type { Container } from '#kinds/k8s/core.ts'
import { containerHash } from './container-hash.ts'
import { PlanBuilder, type PodPlan } from './plan-builder.ts'
import { deadlineMs, mayRestart, outcomeOf } from './pod-outcome.ts'
import {
  type ContainerView,
  type PodView,
  type SandboxView,
  hasExited,
  initContainersOf,
  isRunning,
  isSidecar,
  isStarting,
  newest,
  newestIn,
  operationKey,
} from './pod-view.ts'
import { restartAtMs, restartDelayMs } from './restart-backoff.ts'
import { planTermination } from './plan-termination.ts'

/** Less than no time means one second. */
function graceSecondsOf({ pod }: PodView): number {
  const seconds = pod.spec.terminationGracePeriodSeconds ?? 30
  return seconds < 0 ? 1 : seconds
}

/** The restart count of the next start of this container. */
export function nextAttempt(view: PodView, name: string): number {
  const last = newest(view, name)
  if (last !== undefined) return last.state === 'created' ? last.attempt : last.attempt + 1
  const { status } = view.pod
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  const known = all.find((container) => container.name === name)
  // The runtime forgot the container, the API did not.
  return known?.containerID === undefined ? (known?.restartCount ?? 0) : known.restartCount + 1
}

function planStart(view: PodView, builder: PlanBuilder, place: StartPlace): void {
  const { container, sandbox } = place
  if (!view.volumesReady) return
  const last = newest(view, container.name)
  if (last?.state === 'created') {
    // Made by a start that is under way.
    if (view.busy.has(operationKey.container(container.name))) return
    // Left by an agent that died between making and starting it.
    return builder.act({
      type: 'remove-container',
      id: last.id,
    })
  }
  builder.act({
    type: 'start-container',
    name: container.name,
    sandboxId: sandbox.id,
    attempt: nextAttempt(view, container.name),
    restartDelayMs: hasExited(last) ? restartDelayMs(last) : undefined,
  })
}

interface StartPlace {
  container: Container
  sandbox: SandboxView
}

function planRestart(view: PodView, builder: PlanBuilder, place: StartPlace): void {
  const last = newest(view, place.container.name)
  const atMs = hasExited(last) ? restartAtMs(last) : 0
  if (atMs > view.nowMs) builder.wakeAt(atMs)
  else planStart(view, builder, place)
}

/** Keeps one container as its spec, its probes and its restart policy want it. */
function planContainer(view: PodView, builder: PlanBuilder, place: StartPlace): void {
  const { container, sandbox } = place
  const current = newestIn(view, container.name, sandbox.id)
  if (current === undefined || current.state === 'created') return planStart(view, builder, place)
  if (current.state === 'exited') {
    if (mayRestart(view.pod, container, current.exitCode)) planRestart(view, builder, place)
    return
  }
  const why = reasonToStop(view, container, current)
  if (why !== undefined) builder.stop(current, graceSecondsFor(view, container, current), why)
}

function reasonToStop(
  view: PodView,
  container: Container,
  current: ContainerView,
): string | undefined {
  if (current.state === 'unknown') return `Container ${container.name} is in an unknown state`
  if (current.hash !== containerHash(container))
    return `Container ${container.name} definition changed, will be restarted`
  if (view.failedHooks.has(current.id)) return 'FailedPostStartHook'
  const failed = view.probes.get(current.id)?.failed
  return failed && `Container ${container.name} failed ${failed} probe, will be restarted`
}

/** A probe may give another grace period than the pod. */
function graceSecondsFor(view: PodView, container: Container, current: ContainerView): number {
  const failed = view.probes.get(current.id)?.failed
  const probe = failed === 'startup' ? container.startupProbe : container.livenessProbe
  const own = failed === undefined ? undefined : probe?.terminationGracePeriodSeconds
  return own ?? graceSecondsOf(view)
}

/** Runs init containers one after the other; true when the pod's own containers may run. */
function planInitContainers(view: PodView, builder: PlanBuilder, sandbox: SandboxView): boolean {
  const { pod } = view
  const initialized = pod.spec.containers.some((c) => newestIn(view, c.name, sandbox.id))
  for (const container of initContainersOf(pod)) {
    const current = newestIn(view, container.name, sandbox.id)
    if (isSidecar(container)) {
      planContainer(view, builder, { container, sandbox })
      const started = isRunning(current) && !isStarting(view, current)
      const passed = started && (view.probes.get(current.id)?.started ?? false)
      if (!initialized && !passed) return false
    } else if (!initialized && !(hasExited(current) && current.exitCode === 0)) {
      if (isRunning(current)) return false
      planRestart(view, builder, { container, sandbox })
      return false
    }
  }
  return true
}

/** All at once; but a container with a postStart hook holds back those that follow until that is over. */
function planOwnContainers(view: PodView, builder: PlanBuilder, sandbox: SandboxView): void {
  for (const container of view.pod.spec.containers) {
    planContainer(view, builder, { container, sandbox })
    const { name, lifecycle } = container
    const starts = view.busy.has(operationKey.container(name)) || builder.starts(name)
    if (lifecycle?.postStart !== undefined && starts) return
  }
}

/** A sandbox that died takes its containers with it: clear them, then make the next one. */
function planSandbox(view: PodView, builder: PlanBuilder): void {
  const dead = view.sandboxes[0]
  const running = view.containers.filter(isRunning)
  for (const container of running)
    builder.stop(
      container,
      graceSecondsOf(view),
      'Pod sandbox changed, it will be killed and re-created.',
    )
  if (running.length > 0) return
  if (dead !== undefined && !view.stoppedSandboxes.has(dead.id))
    return builder.act({ type: 'stop-sandbox', id: dead.id })
  const attempt = dead === undefined ? 0 : dead.attempt + 1
  builder.act({ type: 'create-sandbox', attempt })
}

/** Forgets containers but for the newest two of each name (the last one is "previous"). */
function planGarbage(view: PodView, builder: PlanBuilder): void {
  const seen = new Map<string, number>()
  const kept = new Set<string>()
  for (const container of view.containers) {
    const count = seen.get(container.name) ?? 0
    seen.set(container.name, count + 1)
    if (count < 2 || isRunning(container)) kept.add(container.sandboxId)
    else
      builder.act({
        type: 'remove-container',
        id: container.id,
      })
  }
  for (const { id } of view.sandboxes.slice(1))
    if (!kept.has(id)) builder.act({ type: 'remove-sandbox', id })
}

function planVolumes(view: PodView, builder: PlanBuilder): void {
  const dueAtMs = view.volumesReady ? view.volumesDueAtMs : view.nowMs
  if (dueAtMs === undefined) return
  if (dueAtMs > view.nowMs) builder.wakeAt(dueAtMs)
  else builder.act({ type: 'prepare-volumes' })
}

export function planPod(view: PodView): PodPlan {
  const builder = new PlanBuilder(view)
  if (view.pod.metadata.deletionTimestamp !== undefined || outcomeOf(view) !== undefined) {
    planTermination(view, builder)
    return builder.plan
  }
  const deadline = deadlineMs(view.pod)
  if (deadline !== undefined) builder.wakeAt(deadline)
  planVolumes(view, builder)
  const sandbox = view.sandboxes[0]
  if (sandbox?.state !== 'ready') {
    planSandbox(view, builder)
  } else if (planInitContainers(view, builder, sandbox)) {
    planOwnContainers(view, builder, sandbox)
  }
  planGarbage(view, builder)
  return builder.plan
}
