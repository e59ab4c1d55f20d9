// Hooks of a container, and the signal that ends it.
import type { FieldError } from '../definition.ts'
import type { Lifecycle } from '../k8s/core.ts'
import { stopSignals } from '../stop-signals.ts'
import { forbidden, invalid, notSupported } from './field-error.ts'
import { validateLifecycleHandler } from './probe.ts'

export interface LifecyclePlace {
  /** The pod's grace period, which no sleep may exceed. */
  graceSeconds: number | undefined
  /** `spec.os.name`. */
  osName: string | undefined
}

const SIGNALS = Object.keys(stopSignals).toSorted((a, b) => (a < b ? -1 : 1))
const WINDOWS_SIGNALS = ['SIGKILL', 'SIGTERM']

function validateStopSignal(
  signal: string | undefined,
  field: string,
  osName: string | undefined,
): FieldError[] {
  if (signal === undefined) return []
  if (!osName) return [forbidden(field, 'may not be set for containers with empty `spec.os.name`')]
  const supported = osName === 'windows' ? WINDOWS_SIGNALS : SIGNALS
  return supported.includes(signal) ? [] : [notSupported(field, signal, supported)]
}

export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  field: string,
  { graceSeconds, osName }: LifecyclePlace,
): FieldError[] {
  const errors = validateStopSignal(lifecycle?.stopSignal, `${field}.stopSignal`, osName)
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = lifecycle?.[hook]
    if (handler === undefined) continue
    errors.push(...validateLifecycleHandler(handler, `${field}.${hook}`))
    const seconds = handler.sleep?.seconds
    if (seconds === undefined || graceSeconds === undefined) continue
    if (seconds < 0 || seconds > graceSeconds)
      errors.push(
        invalid(
          `${field}.${hook}.sleep`,
          seconds,
          `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`,
        ),
      )
  }
  return errors
}
