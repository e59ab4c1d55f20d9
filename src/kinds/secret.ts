import type { Secret } from './k8s/core.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { secrets } from './refs.ts'
import {
  sizeOf,
  validateDataKeys,
  validateDataSize,
  validateImmutableData,
} from './validate/data.ts'
import { IMMUTABLE, invalid, required } from './validate/field-error.ts'

export type { Secret } from './k8s/core.ts'

/** Keys that secrets of a type must hold. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}
const JSON_KEYS: Readonly<Record<string, string>> = {
  'kubernetes.io/dockercfg': '.dockercfg',
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
}
const TOKEN_TYPE = 'kubernetes.io/service-account-token'
const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name'
const BASIC_AUTH_TYPE = 'kubernetes.io/basic-auth'

export const secretKind = defineKind<Secret>({
  ref: secrets,
  schema: 'io.k8s.api.core.v1.Secret',
  defaults(secret) {
    if (!secret.type) secret.type = 'Opaque'
    if (secret.stringData === undefined) return
    // stringData is write-only: what is stored and read is data.
    for (const [key, value] of Object.entries(secret.stringData))
      (secret.data ??= {})[key] = Buffer.from(value).toString('base64')
    delete secret.stringData
  },
  validate: (secret, old) => [
    ...validateDataKeys(secret.data, 'data'),
    ...validateDataSize(sizeOf({ encoded: secret.data }), 'data'),
    ...validateType(secret),
    ...(old === undefined ? [] : validateUpdate(secret, old)),
  ],
  columns: [
    nameColumn,
    column('Type', 'What the secret is for.', (secret) => secret.type ?? ''),
    column(
      'Data',
      'How many keys the object holds.',
      (secret) => Object.keys(secret.data ?? {}).length,
    ),
    ageColumn,
  ],
  fields: { type: (secret) => secret.type ?? '' },
})

function validateType(secret: Secret): FieldError[] {
  const type = secret.type ?? ''
  const data = secret.data ?? {}
  const errors = (Object.hasOwn(REQUIRED_KEYS, type) ? REQUIRED_KEYS[type]! : [])
    .filter((key) => data[key] === undefined)
    .map((key) => required(`data[${key}]`))
  const jsonKey = Object.hasOwn(JSON_KEYS, type) ? JSON_KEYS[type]! : ''
  if (data[jsonKey] !== undefined && !isJson(data[jsonKey]))
    errors.push(invalid(`data[${jsonKey}]`, '<secret contents redacted>', 'invalid JSON'))
  if (type === TOKEN_TYPE && !secret.metadata.annotations?.[ACCOUNT_ANNOTATION])
    errors.push(required(`metadata.annotations[${ACCOUNT_ANNOTATION}]`))
  if (type === BASIC_AUTH_TYPE && data['username'] === undefined && data['password'] === undefined)
    errors.push(required('data[username]'), required('data[password]'))
  return errors
}

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function validateUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors = secret.type === old.type ? [] : [invalid('type', secret.type, IMMUTABLE)]
  return [...errors, ...validateImmutableData(secret, old, ['data'])]
}
