import type { ApiCall } from '#base/api-call.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodReady } from '#kinds/pod-status.ts'
import { podDisruptionBudgets, pods } from '#kinds/refs.ts'
import type { Check, CheckContext } from './check.ts'

/** How long the budget's controller may take to see that pods are missing. */
const STALE_MS = 180_000
const EVICTION = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/eviction$/

export interface BudgetsKept extends Check {
  /** The API, with its evictions looked at. */
  watching(call: ApiCall): ApiCall
}

/**
 * An eviction that is granted takes its pod from a budget that allowed it, by its newest wish, and never
 * when too few pods have been healthy for long.
 */
export function budgetsKept({ state, clock, report }: CheckContext): BudgetsKept {
  /** Pods that were taken from a budget. */
  const asked = new Set<string>()
  /** Since when a budget has had no pod to spare, in truth. */
  const shortSince = new Map<string, number>()

  const budgetsOf = (pod: Pod): PodDisruptionBudget[] =>
    state
      .list(podDisruptionBudgets)
      .filter(({ metadata }) => metadata.namespace === pod.metadata.namespace)
      .filter(({ spec }) => matchesLabelSelector(spec.selector, pod.metadata.labels))

  function look(budget: PodDisruptionBudget): void {
    const { status, metadata, spec } = budget
    const healthy = state
      .list(pods)
      .filter((pod) => pod.metadata.namespace === metadata.namespace)
      .filter((pod) => matchesLabelSelector(spec.selector, pod.metadata.labels))
      .filter((pod) => isPodReady(pod) && !isDeleting(pod)).length
    const isShort = healthy <= (status?.desiredHealthy ?? 0)
    if (!isShort) shortSince.delete(keyOf(budget))
    else if (!shortSince.has(keyOf(budget))) shortSince.set(keyOf(budget), clock.monotonic())
  }

  function spent(budget: PodDisruptionBudget, before: PodDisruptionBudget | undefined): void {
    const { metadata, status } = budget
    const already = before?.status?.disruptedPods ?? {}
    const names = Object.keys(status?.disruptedPods ?? {}).filter((name) => !(name in already))
    if (names.length === 0) return
    for (const name of names) asked.add(`${metadata.namespace}/${name}`)
    const allowed = before?.status?.disruptionsAllowed ?? 0
    const where = `budget ${keyOf(budget)} let ${names.join(', ')} go`
    if (allowed < names.length) report(`${where} and allowed ${allowed}`)
    if (status?.observedGeneration !== metadata.generation)
      report(`${where} before its newest wish was seen`)
  }

  /** A pod is about to go by an eviction. */
  function granted(pod: Pod): void {
    if (isDeleting(pod) || pod.status?.phase !== 'Running') return
    // One that serves nobody may go at no cost; the server may have known that before the disk did.
    const now = state.get(pods, keyOf(pod))
    if (!isPodReady(pod) || (now !== undefined && !isPodReady(now))) return
    const [budget, ...more] = budgetsOf(pod)
    if (budget === undefined || more.length > 0) return
    const where = `pod ${keyOf(pod)} was evicted, and its budget ${budget.metadata.name}`
    if (!asked.has(keyOf(pod))) report(`${where} was not asked`)
    const since = shortSince.get(keyOf(budget))
    if (since !== undefined && clock.monotonic() - since > STALE_MS)
      report(`${where} has had no pod to spare for ${(clock.monotonic() - since) / 1_000} s`)
  }

  return {
    changed({ kind, type, key, object, previous }) {
      if (kind === 'PodDisruptionBudget' && type === 'DELETED') shortSince.delete(key)
      else if (kind === 'PodDisruptionBudget') {
        spent(object as PodDisruptionBudget, previous as PodDisruptionBudget | undefined)
        look(object as PodDisruptionBudget)
      } else if (kind === 'Pod') {
        if (type === 'ADDED') asked.delete(key)
        for (const budget of budgetsOf(object as Pod)) look(budget)
      }
    },
    watching: (call) => async (request) => {
      const [, namespace, name] = EVICTION.exec(request.path) ?? []
      const key = `${namespace}/${name}`
      const before = name === undefined ? undefined : state.get(pods, key)
      const response = await call(request)
      if (before === undefined || response.type !== 'object' || response.status >= 300)
        return response
      // As it was on the disk when the deletion came; the budget's write came before it.
      granted(before)
      return response
    },
  }
}
