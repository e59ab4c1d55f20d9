// Runs postStart and preStop hooks.
import type { Clock } from '#base/clock.ts'
import type { Container, LifecycleHandler, Pod } from '#kinds/k8s/core.ts'
import { httpGet } from '../probes/http-probe.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface HookContext {
  runtime: Runtime
  clock: Clock
  pod: Pod
  container: Container
  containerId: string
  /** The pod's address. */
  address: string
  timeoutSeconds: number
  /** Aborted when nobody waits for the hook any more. */
  signal: AbortSignal
}

/** Follows a promise until the signal aborts; what goes on after that is of no interest. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason as Error)
  signal.throwIfAborted()
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([promise, aborted.promise]).finally(() =>
    signal.removeEventListener('abort', onAbort),
  )
}

async function runCommand(command: string[], context: HookContext): Promise<void> {
  const { runtime, containerId, timeoutSeconds } = context
  const { exitCode, stderr } = await runtime.exec(containerId, command, timeoutSeconds)
  if (exitCode !== 0)
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${stderr}`)
}

/** Runs one hook; rejects with what went wrong, or with the signal's reason. */
export async function runHook(handler: LifecycleHandler, context: HookContext): Promise<void> {
  const { clock, timeoutSeconds, signal } = context
  if (handler.sleep) {
    const seconds = Math.min(handler.sleep.seconds, timeoutSeconds)
    return clock.sleep(seconds * 1000, signal)
  }
  if (handler.exec) return abortable(runCommand(handler.exec.command ?? [], context), signal)
  if (handler.httpGet) {
    // Any answer will do: what a hook wants is that the container was told.
    const asked = httpGet(handler.httpGet, { ...context, timeoutMs: timeoutSeconds * 1000 })
    await abortable(asked, signal)
    return
  }
  // Kubernetes takes a TCP hook and fails to run it.
  throw new Error('a hook must be a command, an HTTP request or a sleep')
}

/** What was tried, as the status of the container names it. */
export function hookTitle(handler: LifecycleHandler): string {
  if (handler.exec) return `Exec lifecycle hook ([${(handler.exec.command ?? []).join(' ')}])`
  if (handler.httpGet) return `HTTP lifecycle hook (${handler.httpGet.path ?? '/'})`
  if (handler.sleep) return `Sleep lifecycle hook (${handler.sleep.seconds})`
  return 'Lifecycle hook'
}
