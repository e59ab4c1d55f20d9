// Runs postStart and preStop hooks.
import type { Clock } from '#base/clock.ts'
import type { Container, LifecycleHandler, Pod } from '#kinds/k8s/core.ts'
import type { Prober } from '../probes/prober.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface HookContext {
  runtime: Runtime
  prober: Prober
  clock: Clock
  pod: Pod
  container: Container
  containerId: string
  address: string
  timeoutSeconds: number
  signal?: AbortSignal
}

/** Runs one hook; rejects with what went wrong. */
export async function runHook(handler: LifecycleHandler, context: HookContext): Promise<void> {
  const { runtime, prober, clock, container, containerId, address, timeoutSeconds } = context
  if (handler.sleep) {
    const seconds = Math.min(handler.sleep.seconds, timeoutSeconds)
    return clock.sleep(seconds * 1000, context.signal)
  }
  if (handler.exec) {
    const command = handler.exec.command ?? []
    const { exitCode, stderr } = await runtime.exec(containerId, command, timeoutSeconds)
    if (exitCode === 0) return
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${stderr}`)
  }
  // An HTTP or TCP hook is a probe that is made once.
  const { httpGet, tcpSocket } = handler
  const probe = { timeoutSeconds, ...(httpGet && { httpGet }), ...(tcpSocket && { tcpSocket }) }
  const { ok, output } = await prober({ probe, container, containerId, address })
  if (!ok) throw new Error(output)
}
