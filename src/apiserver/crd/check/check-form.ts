// Whether a schema is one at all. Kubernetes' own schema of definitions leaves `items` and
// `additionalProperties` open, so that what stands in them has not been looked at when it comes here.
import type { FieldError } from '#kinds/definition.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { isRecord } from '../../body.ts'

type Form =
  | 'text'
  | 'number'
  | 'count'
  | 'bool'
  | 'texts'
  | 'list'
  | 'schema'
  | 'schemas'
  | 'fields'
  | 'open'
  | 'rules'

const FORMS: Readonly<Record<string, Form>> = {
  $ref: 'text',
  $schema: 'text',
  id: 'text',
  type: 'text',
  format: 'text',
  title: 'text',
  description: 'text',
  pattern: 'text',
  'x-kubernetes-list-type': 'text',
  'x-kubernetes-map-type': 'text',
  maximum: 'number',
  minimum: 'number',
  multipleOf: 'number',
  maxLength: 'count',
  minLength: 'count',
  maxItems: 'count',
  minItems: 'count',
  maxProperties: 'count',
  minProperties: 'count',
  exclusiveMaximum: 'bool',
  exclusiveMinimum: 'bool',
  nullable: 'bool',
  uniqueItems: 'bool',
  'x-kubernetes-embedded-resource': 'bool',
  'x-kubernetes-int-or-string': 'bool',
  'x-kubernetes-preserve-unknown-fields': 'bool',
  required: 'texts',
  'x-kubernetes-list-map-keys': 'texts',
  enum: 'list',
  not: 'schema',
  allOf: 'schemas',
  anyOf: 'schemas',
  oneOf: 'schemas',
  properties: 'fields',
  items: 'open',
  additionalProperties: 'open',
  'x-kubernetes-validations': 'rules',
}

const WORDS: Readonly<Record<Form, string>> = {
  text: 'a string',
  number: 'a number',
  count: 'an integer',
  bool: 'a boolean',
  texts: 'a list of strings',
  list: 'a list',
  schema: 'a schema',
  schemas: 'a list of schemas',
  fields: 'a map of schemas',
  open: 'a schema',
  rules: 'a list of rules',
}

const RULE_TEXTS = ['rule', 'message', 'messageExpression', 'reason', 'fieldPath']

/** What is of another form than its keyword asks for. */
export function checkForm(schema: unknown, at: string): FieldError[] {
  if (!isRecord(schema)) return [invalid(at, schema, 'must be a schema')]
  return Object.entries(schema).flatMap(([key, value]) => {
    const form = Object.hasOwn(FORMS, key) ? FORMS[key]! : undefined
    if (form === undefined || value === undefined) return []
    const path = `${at}.${key}`
    if (!HOLDS[form](value)) return [invalid(path, value, `must be ${WORDS[form]}`)]
    return childrenOf(form, value, path).flatMap(([child, childAt]) => checkForm(child, childAt))
  })
}

const isText = (value: unknown): boolean => typeof value === 'string'

const HOLDS: Readonly<Record<Form, (value: unknown) => boolean>> = {
  text: isText,
  number: (value) => typeof value === 'number',
  count: (value) => Number.isInteger(value),
  bool: (value) => typeof value === 'boolean',
  texts: (value) => Array.isArray(value) && value.every(isText),
  list: Array.isArray,
  schema: isRecord,
  schemas: Array.isArray,
  fields: isRecord,
  open: (value) => isRecord(value) || typeof value === 'boolean' || Array.isArray(value),
  rules: (value) => Array.isArray(value) && value.every(isRule),
}

function isRule(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { optionalOldSelf } = value
  const isFlag = optionalOldSelf === undefined || typeof optionalOldSelf === 'boolean'
  return isFlag && RULE_TEXTS.every((key) => value[key] === undefined || isText(value[key]))
}

function childrenOf(form: Form, value: unknown, at: string): [unknown, string][] {
  if (form === 'fields')
    return Object.entries(value as object).map(([name, one]) => [one, `${at}[${name}]`])
  if (form === 'schemas') return (value as unknown[]).map((one, index) => [one, `${at}[${index}]`])
  return (form === 'schema' || form === 'open') && isRecord(value) ? [[value, at]] : []
}
