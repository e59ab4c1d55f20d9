// Clears away a pod that the API no longer has: deleted at once, or while the agent was away.
import { PlanBuilder, type PodPlan } from './plan-builder.ts'
import { type PodView, isRunning } from './pod-view.ts'

export function planRemoval(view: PodView, graceSeconds: number): PodPlan {
  const builder = new PlanBuilder(view)
  const running = view.containers.filter(isRunning)
  for (const container of running)
    builder.stop(container, graceSeconds, `Stopping container ${container.name}`)
  // Operations that run may still make something.
  if (running.length > 0 || view.busy.size > 0) return builder.plan
  const [sandbox] = view.sandboxes
  if (sandbox === undefined) builder.act({ type: 'clean-up' })
  else if (!view.stoppedSandboxes.has(sandbox.id))
    builder.act({ type: 'stop-sandbox', id: sandbox.id })
  else builder.act({ type: 'remove-sandbox', id: sandbox.id })
  return builder.plan
}
