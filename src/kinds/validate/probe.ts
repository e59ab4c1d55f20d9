// Probes and lifecycle hooks: exactly one handler, and numbers in range.
import type { FieldError } from '../definition.ts'
import type { HTTPGetAction, LifecycleHandler, Probe } from '../k8s/core.ts'
import { forbidden, invalid, nonNegative, oneOf, required } from './field-error.ts'
import { validatePortNumber, validatePortNumberOrName } from './ports.ts'

type Handlers = Probe & LifecycleHandler

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const
const PROBE_NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

function validateHttpGet({ path, port, scheme }: HTTPGetAction, field: string): FieldError[] {
  return [
    ...(path ? [] : [required(`${field}.path`)]),
    ...validatePortNumberOrName(`${field}.port`, port),
    ...oneOf(`${field}.scheme`, scheme, ['HTTP', 'HTTPS']),
  ]
}

const HANDLER_RULES: Readonly<
  Record<(typeof HANDLERS)[number], (handlers: Handlers, field: string) => FieldError[]>
> = {
  exec: ({ exec }, field) => (exec?.command?.length ? [] : [required(`${field}.command`)]),
  httpGet: ({ httpGet }, field) => validateHttpGet(httpGet!, field),
  tcpSocket: ({ tcpSocket }, field) => validatePortNumberOrName(`${field}.port`, tcpSocket!.port),
  grpc: ({ grpc }, field) => validatePortNumber(`${field}.port`, grpc!.port),
  // Its length is held against the pod's grace period.
  sleep: () => [],
}

function validateHandlers(handlers: Handlers, field: string): FieldError[] {
  const [first, ...others] = HANDLERS.filter((name) => handlers[name] !== undefined)
  if (first === undefined) return [required(field, 'must specify a handler type')]
  return [
    ...HANDLER_RULES[first](handlers, `${field}.${first}`),
    ...others.map((name) =>
      forbidden(`${field}.${name}`, 'may not specify more than 1 handler type'),
    ),
  ]
}

export const validateLifecycleHandler = (handler: LifecycleHandler, field: string): FieldError[] =>
  validateHandlers(handler, field)

export type ProbeUse = 'livenessProbe' | 'readinessProbe' | 'startupProbe'

export function validateProbe(probe: Probe, field: string, use: ProbeUse): FieldError[] {
  const errors = [
    ...validateHandlers(probe, field),
    ...PROBE_NUMBERS.flatMap((name) => nonNegative(`${field}.${name}`, probe[name])),
  ]
  const { successThreshold, terminationGracePeriodSeconds } = probe
  if (use !== 'readinessProbe' && successThreshold !== undefined && successThreshold !== 1)
    errors.push(invalid(`${field}.successThreshold`, successThreshold, 'must be 1'))
  if (terminationGracePeriodSeconds === undefined) return errors
  const graceField = `${field}.terminationGracePeriodSeconds`
  if (use === 'readinessProbe')
    errors.push(
      invalid(graceField, terminationGracePeriodSeconds, 'must not be set for readinessProbes'),
    )
  else if (terminationGracePeriodSeconds <= 0)
    errors.push(invalid(graceField, terminationGracePeriodSeconds, 'must be greater than 0'))
  return errors
}
