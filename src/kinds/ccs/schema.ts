// Pieces that the schemas of the product's kinds share.
import type { JSONSchemaProps } from '#kinds/k8s/apiextensions.ts'
import { ADDRESS_PATTERN, CIDR_PATTERN, DNS_LABEL_PATTERN } from './patterns.ts'

export type Schema = JSONSchemaProps

/** A schema for every field of `T`: one that is added to the type is missed here by the compiler. */
export type FieldsOf<T> = { readonly [Field in keyof T]-?: Schema }

export const text = (rules: Schema = {}): Schema => ({ type: 'string', ...rules })
export const integer = (rules: Schema = {}): Schema => ({ type: 'integer', ...rules })
export const choice = (values: readonly string[], rules: Schema = {}): Schema =>
  text({ enum: [...values], ...rules })
export const list = (items: Schema, rules: Schema = {}): Schema => ({
  type: 'array',
  items,
  ...rules,
})

export function fields<T>(
  properties: FieldsOf<T>,
  required: readonly (keyof T & string)[] = [],
): Schema {
  return {
    type: 'object',
    properties: { ...properties },
    ...(required.length === 0 ? {} : { required: [...required] }),
  }
}

/** A name that is one part of a host's name. */
export const dnsLabel = (maxLength: number): Schema =>
  text({ pattern: DNS_LABEL_PATTERN, minLength: 1, maxLength })

export const port = (): Schema => integer({ minimum: 1, maximum: 65_535 })

/** An IPv4 address, or none yet. */
export const address = (): Schema => text({ pattern: ADDRESS_PATTERN })
export const cidr = (): Schema => text({ pattern: CIDR_PATTERN })

export const quantity = (): Schema => ({
  'x-kubernetes-int-or-string': true,
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: '^[+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?$',
})

export const quantities = (): Schema => ({
  type: 'object',
  additionalProperties: quantity(),
})

export const conditions = (): Schema =>
  list(
    {
      type: 'object',
      required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
      properties: {
        type: text({ maxLength: 316 }),
        status: choice(['True', 'False', 'Unknown']),
        reason: text({ minLength: 1, maxLength: 1024 }),
        message: text({ maxLength: 32_768 }),
        lastTransitionTime: text({ format: 'date-time' }),
        observedGeneration: integer({ format: 'int64', minimum: 0 }),
      },
    },
    { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
  )
