// An audit policy as an operator writes it: YAML or JSON, read strictly, so that a misspelt field never widens a rule.
import { parse, YAMLError } from 'yaml'
import { AUDIT_API_VERSION, type AuditPolicy } from '#kinds/k8s/audit.ts'
import { isRecord } from '../body.ts'
import { checkPolicy } from './check-policy.ts'

/** What is wrong with a policy; the message is for the operator. */
export class AuditPolicyError extends Error {
  override readonly name = 'AuditPolicyError'
}

type Shape = 'text' | 'texts' | 'flag' | 'any' | { listOf: Fields }
interface Fields {
  readonly [name: string]: Shape
}

const GROUP_RESOURCES: Fields = { group: 'text', resources: 'texts', resourceNames: 'texts' }

const RULE: Fields = {
  level: 'text',
  users: 'texts',
  userGroups: 'texts',
  verbs: 'texts',
  resources: { listOf: GROUP_RESOURCES },
  namespaces: 'texts',
  nonResourceURLs: 'texts',
  omitStages: 'texts',
  omitManagedFields: 'flag',
}

const POLICY: Fields = {
  apiVersion: 'text',
  kind: 'text',
  metadata: 'any',
  rules: { listOf: RULE },
  omitStages: 'texts',
  omitManagedFields: 'flag',
}

/** Throws an AuditPolicyError. */
export function readPolicy(text: string): AuditPolicy {
  const value = parseText(text)
  if (!isRecord(value)) throw new AuditPolicyError('the policy is no object')
  const { apiVersion, kind } = value
  if (apiVersion !== AUDIT_API_VERSION || kind !== 'Policy')
    throw new AuditPolicyError(
      `expected kind Policy of ${AUDIT_API_VERSION}, not ${shown(kind)} of ${shown(apiVersion)}`,
    )
  const wrong = wrongFields(value, POLICY, '')
  if (wrong.length > 0) throw new AuditPolicyError(wrong.join(', '))
  const { rules = [], omitStages, omitManagedFields } = value as unknown as Partial<AuditPolicy>
  if (rules.length === 0) throw new AuditPolicyError('loaded illegal policy with 0 rules')
  const policy: AuditPolicy = {
    rules,
    ...(omitStages === undefined ? {} : { omitStages }),
    ...(omitManagedFields === undefined ? {} : { omitManagedFields }),
  }
  const errors = checkPolicy(policy)
  if (errors.length === 0) return policy
  throw new AuditPolicyError(errors.map(({ field, message }) => `${field}: ${message}`).join(', '))
}

function parseText(text: string): unknown {
  try {
    return parse(text, withoutNulls, { logLevel: 'error' }) as unknown
  } catch (error) {
    // The library's limit on aliases is a ReferenceError.
    if (!(error instanceof YAMLError || error instanceof ReferenceError)) throw error
    throw new AuditPolicyError(`it is no YAML: ${error.message}`, { cause: error })
  }
}

/** A field without a value is one that is not there; in a list a value that is missing is a mistake. */
function withoutNulls(this: unknown, _key: unknown, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))

function wrongFields(value: Record<string, unknown>, fields: Fields, prefix: string): string[] {
  return Object.entries(value).flatMap(([name, field]) => {
    const path = `${prefix}${name}`
    const shape = fields[name]
    if (shape === undefined) return [`unknown field "${path}"`]
    return wrongValue(field, shape, path)
  })
}

function wrongValue(value: unknown, shape: Shape, path: string): string[] {
  switch (shape) {
    case 'any':
      return []
    case 'text':
      return typeof value === 'string' ? [] : [`${path} is no string`]
    case 'flag':
      return typeof value === 'boolean' ? [] : [`${path} is neither true nor false`]
    case 'texts':
      return Array.isArray(value) && value.every((one) => typeof one === 'string')
        ? []
        : [`${path} is no list of strings`]
    default:
      if (!Array.isArray(value)) return [`${path} is no list`]
      return value.flatMap((one, i) =>
        isRecord(one)
          ? wrongFields(one, shape.listOf, `${path}[${i}].`)
          : [`${path}[${i}] is no object`],
      )
  }
}
