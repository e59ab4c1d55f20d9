// Options of writes and deletes, from the query and from DeleteOptions bodies.
import { badRequest } from '#base/errors.ts'
import { notSupported, invalid as invalidField } from '#kinds/validate/field-error.ts'
import type { DeleteOptions } from '#kinds/k8s/meta.ts'
import { invalidOption } from './api-errors.ts'
import { isRecord, parseBody } from './body.ts'
import type { Asker, Body, Call } from './context.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface WriteOptions {
  dryRun: boolean
  fieldValidation: FieldValidation
}

const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn']

export function readWriteOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): WriteOptions {
  const fieldValidation = query.get('fieldValidation') ?? ''
  if (!FIELD_VALIDATIONS.includes(fieldValidation))
    throw invalidOption(kind, notSupported('fieldValidation', fieldValidation, FIELD_VALIDATIONS))
  const manager = query.get('fieldManager') ?? ''
  if (manager.length > 128)
    throw invalidOption(
      kind,
      invalidField('fieldManager', manager, 'may not be more than 128 bytes'),
    )
  return {
    dryRun: readDryRun(query.getAll('dryRun'), kind),
    fieldValidation: (fieldValidation || 'Warn') as FieldValidation,
  }
}

function readDryRun(values: readonly string[], kind: string): boolean {
  const given = values.filter((value) => value !== '')
  if (given.some((value) => value !== 'All'))
    throw invalidOption(kind, notSupported('dryRun', given, ['All']))
  return given.length > 0
}

export type Propagation = 'Orphan' | 'Background' | 'Foreground'

export interface DeleteRequest {
  dryRun: boolean
  gracePeriodSeconds: number | undefined
  propagation: Propagation | undefined
  uid: string | undefined
  resourceVersion: string | undefined
}

const PROPAGATIONS = ['Foreground', 'Background', 'Orphan', 'nil']

/** DeleteOptions may stand in the body, or else in the query. */
export function readDeleteOptions(call: Call): DeleteRequest {
  const { body, query } = call.request
  const options = body === undefined || isEmpty(body) ? optionsOfQuery(query) : optionsOfBody(call)
  const policy = options.propagationPolicy
  if (policy !== undefined && !PROPAGATIONS.slice(0, 3).includes(policy))
    throw invalidOption('DeleteOptions', notSupported('propagationPolicy', policy, PROPAGATIONS))
  const orphan = options.orphanDependents
  return {
    dryRun: readDryRun([...(options.dryRun ?? []), ...query.getAll('dryRun')], 'DeleteOptions'),
    gracePeriodSeconds: options.gracePeriodSeconds,
    propagation:
      orphan === undefined ? (policy as Propagation | undefined) : orphan ? 'Orphan' : 'Background',
    uid: options.preconditions?.uid,
    resourceVersion: options.preconditions?.resourceVersion,
  }
}

const isEmpty = (body: Body): boolean => body.type === 'text' && body.text === ''

function optionsOfBody(call: Call): DeleteOptions {
  const { value } = parseBody(call.request.body, 'DeleteOptions')
  if (!isRecord(value)) throw badRequest('the body of a delete must be DeleteOptions')
  return value as DeleteOptions
}

function optionsOfQuery(query: URLSearchParams): DeleteOptions {
  const grace = query.get('gracePeriodSeconds')
  return {
    gracePeriodSeconds: grace === null ? undefined : readInteger(grace),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: query.has('orphanDependents')
      ? query.get('orphanDependents') === 'true'
      : undefined,
  }
}

export function readInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'DeleteOptions'

const TOLD = ['fieldManager', 'fieldValidation', 'gracePeriodSeconds', 'propagationPolicy'] as const

/**
 * What admission is told beside the object: the options of the operation, and where warnings and notes go. A patch is
 * an update to it, or a create.
 */
export function admissionExtras({ request, warnings, auditAnnotations }: Asker, kind: OptionsKind) {
  if (request === undefined) return { byServer: true }
  const { query, body } = request
  const told: Record<string, unknown> = {
    kind,
    apiVersion: 'meta.k8s.io/v1',
  }
  for (const key of TOLD) {
    const value = query.get(key)
    if (value) told[key] = key === 'gracePeriodSeconds' ? readInteger(value) : value
  }
  if (query.has('dryRun')) told['dryRun'] = query.getAll('dryRun')
  const hasBody = kind === 'DeleteOptions' && body !== undefined && !isEmpty(body)
  const given = hasBody ? parseBody(body, kind).value : undefined
  return {
    options: isRecord(given) ? { ...told, ...given, kind, apiVersion: 'meta.k8s.io/v1' } : told,
    ...(warnings === undefined ? {} : { warnings }),
    ...(auditAnnotations === undefined ? {} : { auditAnnotations }),
  }
}
